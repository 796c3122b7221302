"""Work that goes on after an answer: receipts, webhooks, retries, and waiting for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Background:
    """Tasks that are not awaited until `settle`."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: list[BaseException] = []

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Run `work` soon."""
        task = asyncio.get_running_loop().create_task(work)
        # The event loop keeps no reference of its own; an unreferenced task may be collected while it runs.
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        # Raised by `settle`: a fault in the background must fail the test that caused it.
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed.append(error)

    async def settle(self) -> None:
        """Wait until nothing is left, also not what the work itself started; raise the first fault of any of it."""
        # Not one `gather`: work may start more work, such as the receipt of a receipt's answer.
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self._failed:
            error, *_ = self._failed
            self._failed.clear()
            raise error
