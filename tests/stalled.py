"""A disk that keeps a turn waiting until the host stops."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.transactions import name_of
from tests.world import World
from trinity_channels.store import Store


class Stalled:
    """Units of some names end only after their run was cancelled, as those do that run in a thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *names: str, late: bool) -> None:
        """`late`: they are written after the cancellation; otherwise before, and only the answer comes late."""
        self._begun = asyncio.Event()
        self._late = late
        self._write = write = World.database.store.write

        async def stalls(store: Store, unit: Any) -> Any:
            if not name_of(unit).startswith(names):
                return await write(store, unit)
            return await asyncio.shield(asyncio.ensure_future(self._stalled(store, unit)))

        monkeypatch.setattr(World.database.store, "write", stalls)

    async def begins(self) -> None:
        """Until one of them waits."""
        await asyncio.wait_for(self._begun.wait(), 10)

    async def _stalled(self, store: Store, unit: Any) -> Any:
        if self._late:
            await self._until_cancelled()
            return await self._write(store, unit)
        found = await self._write(store, unit)
        await self._until_cancelled()
        return found

    async def _until_cancelled(self) -> None:
        self._begun.set()
        while not _turn_is_cancelled():  # noqa: ASYNC110  a cancellation sets no event
            await asyncio.sleep(0)
        for _ in range(4):  # a caller that does not wait for this has written by then, but the store is open
            await asyncio.sleep(0)


def _turn_is_cancelled() -> bool:
    return any(task.cancelling() and task.get_name().startswith("turn") for task in asyncio.all_tasks())
