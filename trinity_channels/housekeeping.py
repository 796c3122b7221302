"""Runs the host's periodic work. A chore that fails or hangs keeps no other from running; its cause is logged once.

Some chores are this process's own: they deal with what it keeps in memory. The others are done by one process of those that
serve the database. For a moment two may do them, when one goes on that was taken for dead: they write down what they have
done, so that this does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Protocol, runtime_checkable

from trinity_channels.observability.failures import Failures, cause_of
from trinity_channels.observability.log import get_logger
from trinity_channels.observability.metrics import Metrics
from trinity_channels.per_loop import PerLoop

log = get_logger(__name__)

PATIENCE = 10.0
"""Seconds that a round waits for its chores. Those that take longer go on beside the next rounds."""


class Chore(Protocol):
    """Something to be done periodically."""

    async def run(self) -> None:
        """Do what is due; an error is logged, and the next round tries again."""


@runtime_checkable
class Shows(Protocol):
    """A chore that shows what it has found, in this process's metrics."""

    def ceased(self) -> None:
        """Another process does it from now on: show nothing more."""


class Housekeeping:
    """The chores, by the names that logs and metrics show. No chore runs twice at a time.

    Attributes:
        chores: all of them.
    """

    def __init__(
        self,
        chores: Mapping[str, Chore],
        own: Collection[str],
        leads: Callable[[], bool],
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        """Those named in `own` are done in every process, the others while it `leads`."""
        self.chores = chores
        self._of_one = chores.keys() - own
        self._leads = leads
        self._metrics = metrics
        self._failures = Failures(now)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._locks = {name: PerLoop(asyncio.Lock) for name in chores}

    async def run(self) -> None:
        """One round: start every chore that is not running, and wait for them a while."""
        for name in self.chores:
            if name in self._of_one and not self._leads():
                continue
            # One that hangs is left alone; the others go on.
            if name not in self._running or self._running[name].done():
                self._running[name] = asyncio.create_task(self._guarded(name), name=f"chore {name}")
        if self._running:
            await asyncio.wait(self._running.values(), timeout=PATIENCE)

    def cease(self) -> None:
        """Another process may do what one process does: end it here."""
        for name in self._of_one:
            if name in self._running:
                self._running[name].cancel()
            if isinstance(chore := self.chores[name], Shows):
                chore.ceased()

    async def do(self, name: str) -> None:
        """Do one chore now.

        Raises:
            Exception: whatever it raises.
        """
        # `do` can be called by itself, perhaps while a round runs.
        async with self._locks[name].current:
            await self.chores[name].run()

    async def stop(self) -> None:
        """End what is running."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _guarded(self, name: str) -> None:
        try:
            await self.do(name)
        except Exception as error:
            self._metrics.chore_failures.labels(name).inc()
            cause = cause_of(error)
            # A chore runs every ten seconds: one entry for each cause, not for each failure.
            if self._failures.is_news(name, cause):
                log.exception("chore failed", chore=name, cause=cause)
        else:
            if self._failures.ended(name):
                log.info("chore works again", chore=name)
