"""Dispatchers of both kinds with work that tests have in their hands."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from sqlalchemy import text

from trinity_channels.dispatch import LocalDispatcher
from trinity_channels.store import Store, Tx, wakes

T = TypeVar("T")
_RUNNING = text("SELECT count(*) FROM trinity_channels_jobs.procrastinate_jobs WHERE status = 'doing'")
_WAITING = text(
    "SELECT count(*) FROM trinity_channels_jobs.procrastinate_jobs WHERE status = 'todo' AND lock NOT IN "
    "(SELECT lock FROM trinity_channels_jobs.procrastinate_jobs WHERE status = 'doing')"
)


class Work:
    """What is open, what was run, and how.

    Attributes:
        store: where keys are woken; None for a stand-in, which this is itself.
        open: the keys with open work, as the tables would say.
        runs: the keys that were run, in their order.
        most: for each key and kind, how many ran at once.
        later: when keys want to come back.
        faults: what the next runs raise.
        go: runs wait for it.
    """

    def __init__(self, store: Store | None = None) -> None:
        self.store = store
        self.open: set[str] = set()
        self.commits = 0
        self.looks = 0
        self.runs: list[str] = []
        self.at_once: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.later: dict[str, datetime] = {}
        self.faults: list[BaseException] = []
        self.go = asyncio.Event()
        self.go.set()
        self.listener: Callable[[str], None]

    # --- the stand-in for a store ---

    def on_wake(self, listener: Callable[[str], None]) -> None:
        self.listener = listener

    async def read(self, unit: Callable[[Any], T]) -> T:
        self.looks += 1
        return unit(None)

    def stamp(self) -> int:
        return self.commits

    # --- what tests do ---

    def open_keys(self, _: Tx) -> set[str]:
        """What the tables would say."""
        return set(self.open)

    def local(self) -> LocalDispatcher:
        """A dispatcher within the process."""
        return LocalDispatcher(cast("Store", self), self.open_keys, lambda: datetime.now(UTC))

    async def wake(self, *keys: str) -> None:
        """Commit something that wakes keys."""
        if self.store:
            await self.store.write(lambda tx: wakes.wake(tx, keys))
        else:
            for key in keys:
                self.listener(key)

    async def begun(self) -> None:
        """Wait until everything runs that may."""
        if self.store:
            await seen(self._all_begun)
        else:
            for _ in range(20):
                await asyncio.sleep(0)

    async def _all_begun(self) -> bool:
        assert self.store
        running = sum(count for scope, count in self.at_once.items() if ":" in scope)
        return await self.store.read(lambda tx: tx.number(_WAITING) == 0 and tx.number(_RUNNING) == running)

    async def run(self, key: str) -> datetime | None:
        """Count a run, wait until it may end, and do what the test has planned for it."""
        self.runs.append(key)
        kind = key.partition(":")[0]
        for scope in (key, kind):
            self.at_once[scope] += 1
            self.most[scope] = max(self.most[scope], self.at_once[scope])
        try:
            await self.go.wait()
            if self.faults:
                raise self.faults.pop(0)
        finally:
            self.at_once.subtract((key, kind))
        self.open.discard(key)
        return self.later.pop(key, None)


async def seen(question: Callable[[], Awaitable[bool]]) -> None:
    """Let everything go on until something is seen that only the database tells."""
    async with asyncio.timeout(20):
        while not await question():  # noqa: ASYNC110  see above
            await asyncio.sleep(0.01)
