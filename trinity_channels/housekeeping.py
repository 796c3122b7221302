"""Runs the host's periodic work. A chore that fails or hangs keeps no other from running; its cause is logged once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

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


class Housekeeping:
    """The chores, by the names that logs and metrics show. No chore runs twice at a time."""

    def __init__(self, chores: Mapping[str, Chore], metrics: Metrics, now: Callable[[], datetime]) -> None:
        self.chores = chores
        self._metrics = metrics
        self._failures = Failures(now)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._locks = {name: PerLoop(asyncio.Lock) for name in chores}

    async def run(self) -> None:
        """One round: start every chore that is not running, and wait for them a while."""
        for name in self.chores:
            # One that hangs is left alone; the others go on.
            if name not in self._running or self._running[name].done():
                self._running[name] = asyncio.create_task(self._guarded(name), name=f"chore {name}")
        await asyncio.wait(self._running.values(), timeout=PATIENCE)

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
