"""A process that has nothing to do does not keep asking for jobs, and misses none for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from procrastinate import PsycopgConnector

from tests import dispatching_processes, postgres
from tests.dispatching import Work, seen
from tests.dispatching_processes import dispatching, has_run
from tests.worker_process import QUICK
from trinity_channels.store import wakes
from trinity_channels.store.postgres import PostgresStore
from trinity_channels.store.waiting import Connection


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the queue was asked what; a process that rests does so for good."""
    monkeypatch.setattr(dispatching_processes, "QUICK", replace(QUICK, rest=3600))
    counted: Counter[str] = Counter()
    for name in ("execute_query_all_async", "execute_query_one_async"):
        ask = getattr(PsycopgConnector, name)

        async def counts(self: PsycopgConnector, query: str, *, ask: Any = ask, **values: Any) -> Any:
            counted[query] += 1
            return await ask(self, query, **values)

        monkeypatch.setattr(PsycopgConnector, name, counts)
    return counted


async def at_rest(asked: Counter[str]) -> None:
    """Wait until nothing has been asked for as long as three looks take."""
    before = -1
    async with asyncio.timeout(20):
        while before != asked[wakes.FETCH]:
            before = asked[wakes.FETCH]
            await asyncio.sleep(3 * QUICK.poll)


async def test_a_process_that_rests_hears_of_new_jobs_and_of_those_that_others_put_back(
    work: Work, asked: Counter[str], url: str
) -> None:
    stopped = Work(other := PostgresStore(url))
    other.open()
    async with dispatching(stopped, other) as dispatcher:
        stopped.go.clear()
        await stopped.wake("turn:1")
        await stopped.begun()
        dispatcher.pause()
        async with dispatching(work):
            await at_rest(asked)
            await work.wake("turn:2")
            await seen(has_run(work, "turn:2"))
            await at_rest(asked)

            await dispatcher.stop(1)

            await seen(has_run(work, "turn:1"))
    await other.close()


async def heard(connection: Connection[tuple[Any, ...]]) -> list[str]:
    return [notice.payload async for notice in connection.notifies(stop_after=1)]


async def test_a_connection_that_listens_wakes_only_when_it_is_told_something(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarms = []
    loop = asyncio.get_running_loop()
    call_later = loop.call_later

    def counted(delay: float, *arguments: Any, **values: Any) -> asyncio.TimerHandle:
        alarms.append(delay)
        return call_later(delay, *arguments, **values)

    async with (
        await Connection.connect(postgres.plain(url), autocommit=True) as listens,
        await Connection.connect(postgres.plain(url), autocommit=True) as tells,
    ):
        await listens.execute("LISTEN something")
        monkeypatch.setattr(loop, "call_later", counted)
        hearing = asyncio.create_task(heard(listens))
        await asyncio.sleep(0.3)
        await tells.execute("NOTIFY something, 'said'")
        assert await hearing == ["said"]
        monkeypatch.undo()

    assert not [delay for delay in alarms if delay < 0.3]
