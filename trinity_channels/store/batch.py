"""Gathers units of work while others are on their way to the disk, so that many share one transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from trinity_channels import lease
from trinity_channels.store.database import Unit
from trinity_channels.store.news import Subject


@dataclass(slots=True)
class Job:
    """A unit whose caller waits.

    `since` is when it came, on the monotonic clock; `told` what it told, see `Tx.tell`.
    """

    unit: Unit[Any]
    future: asyncio.Future[Any]
    since: float = field(default_factory=time.monotonic)
    result: Any = None
    told: Collection[Subject] = ()
    error: BaseException | None = None

    def settle(self) -> None:
        """Tell the caller, if it has not given up."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Batches:
    """Writes units batch after batch; `commit` does so with each, and settles its jobs."""

    def __init__(self, commit: Callable[[list[Job]], Awaitable[None]], most: int) -> None:
        self._commit = commit
        self._most = most
        self._waiting: list[Job] = []
        self._batch: list[Job] = []
        self._writing: asyncio.Task[None] | None = None

    def add(self, unit: Unit[Any]) -> Job:
        """Have a unit written; its future is done once it is on disk, or has failed."""
        job = Job(unit, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        if self._writing is None:
            # Started by the first, and ends by itself: an idle host has no task and no timer here.
            self._writing = asyncio.create_task(self._write(), name="store-write", context=lease.outside())
            self._writing.add_done_callback(self._ended)
        return job

    async def finish(self) -> None:
        """Wait until all that was added is written."""
        if self._writing:
            await self._writing

    async def _write(self) -> None:
        """Write what waits. While one batch is on its way to the disk, the next gathers."""
        while self._waiting:
            self._batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            await self._commit(self._batch)
        self._writing, self._batch = None, []

    def _ended(self, writing: asyncio.Task[None]) -> None:
        """Tell those that wait, if it was cancelled or has failed: they would wait without end."""
        error = asyncio.CancelledError() if writing.cancelled() else writing.exception()
        if error is None:
            return
        if not writing.cancelled():
            writing.get_loop().call_exception_handler({"message": "writing has ended", "exception": error})
        waiting = [*self._batch, *self._waiting]
        self._writing, self._batch, self._waiting = None, [], []
        for job in waiting:
            job.error = error
            job.settle()
