"""A backup of the tables that is made while a host works holds what its next start needs; jobs are made again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from tests import postgres
from trinity_channels.dispatch.postgres import PostgresDispatcher
from trinity_channels.ports import utc_now
from trinity_channels.store import settings
from trinity_channels.store.postgres import PostgresStore


async def program(name: str, *words: str) -> None:
    """Run one that came with the server."""
    (folder,) = postgres.ask("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
    ended = await asyncio.create_subprocess_exec(Path(folder) / name, *words)
    assert await ended.wait() == 0


@pytest.mark.parametrize("parts", [(), ("-t", "trinity_channels_*")])
async def test_a_restored_database_goes_on_with_what_was_open(
    store: PostgresStore, url: str, tmp_path: Path, parts: tuple[str, ...]
) -> None:
    dump = str(tmp_path / "channels.dump")
    await store.write(lambda tx: settings.put(tx, "number", "1"))
    await store.write(lambda tx: tx.wake("turn:1"))  # no process takes it before the backup
    await program("pg_dump", "-Fc", *parts, "-f", dump, "-d", postgres.plain(url))
    other = postgres.database("restored", template="template1")
    await program("pg_restore", "--no-owner", "-d", postgres.plain(other), dump)

    restored = PostgresStore(other)
    restored.open()
    dispatcher = PostgresDispatcher(restored, lambda _: {"turn:1"}, utc_now)
    ran: list[str] = []

    async def run(key: str) -> None:
        ran.append(key)

    await dispatcher.start(run)
    await dispatcher.quiet()
    await dispatcher.stop(1)

    assert await restored.read(lambda tx: settings.get(tx, "number")) == "1"
    assert "turn:1" in ran
    left = text("SELECT count(*) FROM trinity_channels_jobs.procrastinate_jobs")
    assert await restored.read(lambda tx: tx.scalar(left, int)) == 0
    await restored.close()
