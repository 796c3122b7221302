"""Dispatch on PostgreSQL within a process: jobs, leases, and what is lost on the way to the database and back."""

from __future__ import annotations

import asyncio
from contextvars import Context
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from psycopg import OperationalError
from sqlalchemy import text

from tests import postgres
from tests.dispatching import Work, seen
from tests.dispatching_processes import OF_DISPATCH, dispatching, has_run, jobs_of, working
from tests.postgres_units import BROKEN
from tests.worker_process import QUICK
from trinity_channels.dispatch.jobs import Jobs
from trinity_channels.dispatch.postgres import PostgresDispatcher
from trinity_channels.lease import Lease, LeaseLost, held
from trinity_channels.ports import utc_now
from trinity_channels.store import StoreError, Tx, jobs, settings, wakes
from trinity_channels.store.postgres import PostgresStore


async def test_a_unit_that_fails_wakes_nothing(store: PostgresStore) -> None:
    def fails(tx: Tx) -> None:
        tx.wake("turn:1")
        raise ValueError("a unit's own")

    async def beside() -> None:
        await store.write(lambda tx: tx.wake("turn:2"))

    with pytest.raises(ValueError, match="own"):
        await asyncio.gather(beside(), store.write(fails))
    await beside()

    assert await jobs_of(store) == [("turn:2", "todo")]


async def test_a_key_that_is_woken_often_has_one_job(store: PostgresStore, url: str) -> None:
    other = PostgresStore(url)
    other.open(serve=False)

    await asyncio.gather(*(one.write(lambda tx: tx.wake("turn:1")) for _ in range(20) for one in (store, other)))
    await other.close()

    assert await jobs_of(store) == [("turn:1", "todo")]


async def test_a_run_writes_only_while_it_is_the_latest_of_its_key(store: PostgresStore) -> None:
    begin = partial(wakes.begin, key="turn:1", woken=False)
    number = await store.write(begin)
    assert number
    with held(Lease("turn:1", number, lambda: True)):
        await store.write(lambda tx: settings.put(tx, "a", "1"))

    assert (await store.write(begin) or 0) > number
    late = Lease("turn:1", number, lambda: True)
    with held(late):
        both = await asyncio.gather(
            store.write(lambda tx: settings.put(tx, "a", "2")),
            asyncio.create_task(store.write(lambda tx: settings.put(tx, "b", "2")), context=Context()),
            return_exceptions=True,
        )
        with pytest.raises(LeaseLost):
            late.check()

    # The one beside it, in the same transaction, does not belong to the run.
    assert [type(one) for one in both] == [LeaseLost, type(None)]
    assert await store.read(lambda tx: [settings.get(tx, one) for one in "ab"]) == ["1", "2"]


async def test_a_run_that_was_given_up_writes_nothing_though_no_other_has_begun(store: PostgresStore) -> None:
    number = await store.write(partial(wakes.begin, key="turn:1", woken=False))
    lost = Lease("turn:1", number or 0, lambda: True, lost=True)

    with held(lost), pytest.raises(LeaseLost):
        await store.write(lambda tx: settings.put(tx, "a", "1"))

    assert await store.read(lambda tx: settings.get(tx, "a")) is None


async def test_a_run_that_finds_its_lease_lost_runs_again_and_the_worker_goes_on(work: Work) -> None:
    work.faults.append(LeaseLost("The process was paused."))
    async with dispatching(work) as dispatcher:
        await work.wake("turn:1")
        await seen(has_run(work, "turn:1"))
        await dispatcher.quiet()
        await work.wake("turn:2")
        await dispatcher.quiet()

    assert work.runs == ["turn:1", "turn:1", "turn:2"]


async def test_runs_are_given_up_while_heartbeats_wait_for_the_database(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.go.clear()
    back = asyncio.Event()
    beat = Jobs.update_heartbeat

    async def waits(jobs: Jobs, worker: int) -> None:
        await back.wait()
        await beat(jobs, worker)

    async with dispatching(work) as dispatcher:
        await work.wake("turn:1")
        await work.begun()
        monkeypatch.setattr(Jobs, "update_heartbeat", waits)

        async def ended() -> bool:
            return work.at_once["turn:1"] == 0

        async with asyncio.timeout(2 * QUICK.stalled):
            await seen(ended)
        work.go.set()
        back.set()
        await seen(lambda: _twice(work))
        await dispatcher.quiet()

    assert set(work.runs) == {"turn:1"}
    assert work.most["turn:1"] == 1


async def _twice(work: Work) -> bool:
    return len(work.runs) > 1


async def test_jobs_that_someone_has_removed_are_made_again(store: PostgresStore, work: Work) -> None:
    await work.wake("turn:1")
    work.open.add("turn:1")
    await store.write(lambda tx: tx.query(text("DELETE FROM trinity_channels_jobs.procrastinate_jobs")))

    async with dispatching(work) as dispatcher:
        await dispatcher.quiet()

    assert work.runs == ["turn:1"]


async def test_broken_connections_lose_nothing(work: Work) -> None:
    work.go.clear()
    async with dispatching(work) as dispatcher:
        await work.wake("turn:1", "turn:2")
        await work.begun()
        postgres.administer(OF_DISPATCH)
        await work.wake("turn:3", "turn:1")
        work.go.set()

        await seen(has_run(work, "turn:3"))
        await dispatcher.quiet()

    assert sorted(work.runs) == ["turn:1", "turn:1", "turn:2", "turn:3"]


async def test_what_waits_for_its_time_is_woken_by_any_process(store: PostgresStore, url: str, work: Work) -> None:
    async with working(url):
        number = await store.write(lambda tx: wakes.begin(tx, "turn:1", woken=False))
        at = utc_now() + timedelta(seconds=0.5)
        await store.write(lambda tx: wakes.wait(tx, "turn:1", number or 0, at))

        async def set_() -> bool:
            return await store.read(lambda tx: settings.get(tx, "turn:1")) is not None

        await seen(set_)
    assert utc_now() >= at
    assert work.runs == []


async def test_later_tables_of_procrastinate_are_made_and_an_earlier_version_of_it_is_refused(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = jobs._folder()  # noqa: SLF001  where the installed version is
    later = tmp_path / "sql"
    (later / "migrations").mkdir(parents=True)
    for script in (installed / "migrations").glob("*.sql"):
        (later / "migrations" / script.name).touch()
    (later / "migrations" / "99.00.00_01_more.sql").write_text(
        "ALTER TABLE procrastinate_jobs ADD COLUMN more text DEFAULT '100%'; SELECT 1;", encoding="utf-8"
    )
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "_folder", lambda: later)
        store = PostgresStore(url)
        store.open()
        await store.write(lambda tx: tx.wake("turn:1"))
        more = text("SELECT more FROM trinity_channels_jobs.procrastinate_jobs")
        assert [row.more for row in await store.read(lambda tx: tx.query(more))] == ["100%"]
        await store.close()

    with pytest.raises(StoreError, match=r"version 99\.00\.00_01_more\.sql .* Install the version"):
        PostgresStore(url).open()


async def test_a_user_who_may_not_make_the_schema_is_told_what_to_do() -> None:
    postgres.administer("CREATE ROLE guest LOGIN")
    try:
        empty = postgres.database("of_guest", template="template1")
        postgres.administer("ALTER DATABASE of_guest OWNER TO postgres")
        guest = empty.replace("postgres:", "guest:", 1)
        with pytest.raises(StoreError, match='CREATE SCHEMA trinity_channels_jobs AUTHORIZATION "guest"'):
            PostgresStore(guest).open()
    finally:
        postgres.drop()
        postgres.administer("DROP ROLE guest")


async def test_a_job_that_was_on_its_way_when_a_pause_began_waits_for_its_end(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask: Any = PsycopgConnector.execute_query_all_async
    fetched = asyncio.Event()

    async def asks(connector: PsycopgConnector, query: str, **values: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await ask(connector, query, **values)
        if query == wakes.FETCH and found and not fetched.is_set():
            dispatcher.pause()
            fetched.set()
        return found

    monkeypatch.setattr(PsycopgConnector, "execute_query_all_async", asks)
    async with dispatching(work) as dispatcher:
        await work.wake("turn:1")
        await fetched.wait()
        await dispatcher.sweep()
        await dispatcher.quiet()
        assert work.runs == []

        await dispatcher.resume()
        await dispatcher.quiet()

    assert work.runs == ["turn:1"]


async def test_a_job_that_was_fetched_without_an_answer_is_found(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    ask: Any = PsycopgConnector.execute_query_all_async
    lost: list[dict[str, Any]] = []

    async def breaks(connector: PsycopgConnector, query: str, **values: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await ask(connector, query, **values)
        if query == wakes.FETCH and found and not lost:
            lost.extend(found)
            raise ConnectorException from OperationalError("the connection broke")
        return found

    monkeypatch.setattr(PsycopgConnector, "execute_query_all_async", breaks)
    async with dispatching(work) as dispatcher:
        await work.wake("turn:1")
        await seen(has_run(work, "turn:1"))
        await dispatcher.quiet()

    assert [job["lock"] for job in lost] == ["turn:1"]
    assert work.runs == ["turn:1"]


async def test_a_job_that_was_cancelled_before_its_first_line_is_found(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that a worker fetched while it was being given up."""
    fetch: Any = Jobs.fetch_job
    cancelled: list[str] = []

    def cancel() -> None:
        for task in asyncio.all_tasks():
            if task.get_name().startswith("process job"):
                task.cancel()
                cancelled.append(task.get_name())

    async def fetches(*args: Any, **values: Any) -> Any:
        job = await fetch(*args, **values)
        if job and not cancelled:
            asyncio.get_running_loop().call_soon(cancel)  # before the task that is made for it
        return job

    monkeypatch.setattr(Jobs, "fetch_job", fetches)
    async with dispatching(work) as dispatcher:
        await work.wake("turn:1")

        async def done() -> bool:
            await dispatcher.sweep()
            await asyncio.sleep(0.1)
            return bool(work.runs)

        await seen(done)
        await dispatcher.quiet()

    assert len(cancelled) == 1
    assert work.runs == ["turn:1"]


async def test_a_job_whose_end_cannot_be_written_down_does_not_hold_up_its_key(
    store: PostgresStore, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell: Any = PsycopgConnector.execute_query_async
    refused: list[str] = []

    async def breaks(connector: PsycopgConnector, query: str, **values: Any) -> None:
        if query == wakes.REMOVE and len(refused) < 6:
            refused.append(query)
            raise ConnectorException from OperationalError("the server stops")
        await tell(connector, query, **values)

    monkeypatch.setattr(PsycopgConnector, "execute_query_async", breaks)
    async with dispatching(work) as dispatcher:
        await work.wake("turn:1")
        await seen(has_run(work, "turn:1"))
        await work.wake("turn:1")

        async def done() -> bool:
            return await jobs_of(store) == []

        await seen(done)
        await dispatcher.quiet()

    assert len(refused) == 6
    assert len(work.runs) >= 2


async def test_jobs_that_were_fetched_and_not_begun_are_for_others(store: PostgresStore, work: Work) -> None:
    one_at_a_time = replace(QUICK, at_once=1)
    work.go.clear()
    dispatcher = PostgresDispatcher(store, work.open_keys, utc_now, one_at_a_time)
    await dispatcher.start(work.run)
    await work.wake(*(f"turn:{number}" for number in range(20)))

    async def begun() -> bool:
        return bool(work.runs)

    await seen(begun)
    await dispatcher.stop(0.01)

    assert {status for _, status in await jobs_of(store)} == {"todo"}
    assert len(await jobs_of(store)) == 20


async def test_a_process_that_the_others_do_not_hear_of_knows_it(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        raise ConnectorException

    async def heard(*, expected: bool) -> bool:
        return made.heard is expected

    async with dispatching(work) as made:
        assert made.heard
        with monkeypatch.context() as broken:
            broken.setattr(Jobs, "update_heartbeat", fails)
            await seen(partial(heard, expected=False))
        await seen(partial(heard, expected=True))


async def test_after_the_database_was_away_work_goes_on(store: PostgresStore, work: Work) -> None:
    work.go.clear()
    async with dispatching(work) as dispatcher:
        await work.wake("turn:1")
        await work.begun()
        postgres.administer("ALTER DATABASE of_the_store ALLOW_CONNECTIONS false")
        postgres.administer(BROKEN)
        await asyncio.sleep(2 * QUICK.stalled)  # the others, if there were any, would take it over
        work.go.set()
        postgres.administer("ALTER DATABASE of_the_store ALLOW_CONNECTIONS true")
        await store.write(lambda tx: tx.wake("turn:2"))

        async def done() -> bool:
            return await jobs_of(store) == []

        await seen(done)
        await dispatcher.quiet()

    # The first one perhaps twice: its end could not be written down.
    assert set(work.runs) == {"turn:1", "turn:2"}
