"""Processes that dispatch on one PostgreSQL database, and what is seen of their jobs."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from tests.dispatching import Work
from tests.worker_process import QUICK
from trinity_channels.dispatch.postgres import PostgresDispatcher
from trinity_channels.ports import utc_now
from trinity_channels.store.postgres import PostgresStore

ROOT = Path(__file__).parents[1]
JOBS = text("SELECT lock, status::text AS status FROM trinity_channels_jobs.procrastinate_jobs ORDER BY id")
OF_DISPATCH = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = 'of_the_store' AND (query ILIKE '%%procrastinate%%' OR query = '' OR query LIKE 'LISTEN%%')"""


@asynccontextmanager
async def dispatching(work: Work, store: PostgresStore | None = None) -> AsyncIterator[PostgresDispatcher]:
    """A dispatcher of this process."""
    assert work.store
    made = PostgresDispatcher(store or work.store, work.open_keys, utc_now, QUICK)
    await made.start(work.run)
    yield made
    work.go.set()
    await made.stop(1)


class Process:
    """A process that works on the same database."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[str] = []

    async def says(self, line: str) -> None:
        """Wait until it has said something."""
        async with asyncio.timeout(30):
            while line not in self.said:
                assert self._process.stdout
                said = (await self._process.stdout.readline()).decode().strip()
                assert said, f"it has ended after {self.said}"
                self.said.append(said)

    def gets(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    async def ends(self) -> None:
        """Wait for its end."""
        async with asyncio.timeout(10):
            await self._process.wait()


@asynccontextmanager
async def working(url: str) -> AsyncIterator[Process]:
    """A process that has begun to work."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.worker_process", url, cwd=ROOT, stdout=asyncio.subprocess.PIPE, env=os.environ
    )
    made = Process(process)
    try:
        await made.says("works -")
        yield made
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def has_run(work: Work, *keys: str) -> Callable[[], Any]:
    """Whether keys have been run here."""

    async def asked() -> bool:
        return set(keys) <= set(work.runs)

    return asked


async def jobs_of(store: PostgresStore) -> list[tuple[str, str]]:
    return [(row.lock, row.status) for row in await store.read(lambda tx: tx.query(JOBS))]
