"""One process leads, and another takes over within ten seconds after it was killed, cut off or paused."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests import postgres
from trinity_channels.store import listening
from trinity_channels.store.news import Subject
from trinity_channels.store.postgres import PostgresStore

LEADING = """SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE d.datname = 'of_the_store' AND l.locktype = 'advisory' AND l.objid = 1953655148 AND l.granted"""
"""The server's process of the connection that leads."""
TAKEN_OVER = 10


class Lead:
    """Whether a store leads."""

    def __init__(self, store: PostgresStore) -> None:
        self.changes: list[str] = []
        self._changed = asyncio.Event()
        store.on_lead(lambda: self._change("begins"), lambda: self._change("ends"))

    def _change(self, what: str) -> None:
        self.changes.append(what)
        self._changed.set()

    async def change(self) -> str:
        """The next change."""
        async with asyncio.timeout(TAKEN_OVER):
            await self._changed.wait()
        self._changed.clear()
        return self.changes[-1]


@asynccontextmanager
async def leader(url: str) -> AsyncIterator[Process]:
    """A process that leads; it is killed in the end."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.leader", url, stdout=PIPE)
    try:
        assert await said(process) == "leads"
        assert await said(process) == "listens"
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()


async def said(process: Process) -> str:
    """The next line that a process writes."""
    assert process.stdout
    return (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()


@pytest.fixture
async def other(store: PostgresStore, url: str) -> AsyncIterator[PostgresStore]:
    """What another process has open; `store` has made the tables."""
    assert not store.leads
    made = PostgresStore(url)
    made.open(serve=False)
    yield made
    await made.close()


async def test_one_leads_and_the_next_one_once_it_has_ended(store: PostgresStore, other: PostgresStore) -> None:
    first, second = Lead(store), Lead(other)
    await store.listen()
    await other.listen()
    assert (store.leads, other.leads, first.changes, second.changes) == (True, False, ["begins"], [])

    await store.close()

    assert (store.leads, first.changes) == (False, ["begins", "ends"])
    assert await second.change() == "begins"
    assert other.leads


async def test_one_that_ends_at_once_leaves_the_lead(store: PostgresStore, other: PostgresStore) -> None:
    await store.listen()
    await store.close()

    await other.listen()

    assert other.leads


async def test_one_that_stops_leaves_the_lead_to_another_while_it_still_hears(
    store: PostgresStore, other: PostgresStore
) -> None:
    await store.listen()
    await other.listen()
    heard = asyncio.Event()
    store.on_news(Subject.LIMITS, heard.set)
    lead = Lead(other)

    store.resign()

    assert await lead.change() == "begins"
    assert not store.leads
    await other.write(lambda tx: tx.tell(Subject.LIMITS))
    await asyncio.wait_for(heard.wait(), 2)


async def test_a_process_that_only_receives_never_leads(store: PostgresStore, other: PostgresStore) -> None:
    await other.listen(lead=False)
    await store.listen()

    assert (store.leads, other.leads) == (True, False)


async def test_one_whose_connection_was_cut_ceases_at_once_and_one_leads_again(
    store: PostgresStore, other: PostgresStore
) -> None:
    await store.listen()
    await other.listen()
    lead = Lead(store)
    assert store.leads

    (backend,) = postgres.ask(LEADING)
    postgres.administer("SELECT pg_terminate_backend(%s)", backend)

    assert await lead.change() == "ends"
    async with asyncio.timeout(TAKEN_OVER):
        while store.leads is other.leads:  # noqa: ASYNC110  either may be the one
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_another_process_takes_over_from_one_that_was_killed_or_paused(
    other: PostgresStore, url: str, how: signal.Signals
) -> None:
    async with leader(url) as process:
        await other.listen()
        lead = Lead(other)
        assert not other.leads

        process.send_signal(how)

        assert await lead.change() == "begins"
        if how is signal.SIGSTOP:
            process.send_signal(signal.SIGCONT)
            assert await said(process) == "ceases"
        assert lead.changes == ["begins"]


async def test_one_that_the_server_does_not_answer_ceases(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the network between them is lost: the server may have ended the connection, and let another one lead."""
    monkeypatch.setattr(listening, "BEAT", 0.05)
    monkeypatch.setattr(listening, "PATIENCE", 0.2)
    await store.listen()
    lead = Lead(store)
    (backend,) = postgres.ask(LEADING)
    os.kill(backend, signal.SIGSTOP)
    try:
        assert await lead.change() == "ends"
    finally:
        os.kill(backend, signal.SIGCONT)
    assert await lead.change() == "begins"
