"""The chore that removes the rows of keys without work: else each conversation that ever was would keep two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from trinity_channels.store import Store

PAUSE = timedelta(hours=1)
"""From one look at all keys to the next. A key that is woken again gets a new row, which costs as much as to change it."""
BATCHES = 20
"""Batches in one round; the next round goes on."""


class IdleKeys:
    """Removes them in small transactions, where several processes share the database; with SQLite there are none."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._begun_at: datetime | None = None
        self._after = ""

    async def run(self) -> None:
        """Go through a part of the keys, or wait for the next look at all of them.

        Raises:
            StoreError: the database cannot be used.
        """
        if not self._store.shared:
            return
        if not self._after:
            # The range also covers a clock that was set back.
            if self._begun_at is not None and timedelta() <= self._now() - self._begun_at < PAUSE:
                return
            self._begun_at = self._now()
        from trinity_channels.store import wakes  # noqa: PLC0415  it loads what only PostgreSQL needs

        for _ in range(BATCHES):
            keys = await self._store.lookup(partial(wakes.idle, after=self._after))
            if keys:
                await self._store.write(partial(wakes.remove_idle, keys=keys))
            self._after = keys[-1] if len(keys) == wakes.BATCH else ""
            if not self._after:
                return
