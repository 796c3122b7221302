"""The store on PostgreSQL: units together, and beside those of other processes, and a server that is away."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, func, literal, select

from tests import postgres
from tests.postgres_units import BROKEN, counted_up, killed, put
from trinity_channels.store import StoreError, Tx, settings, store_at
from trinity_channels.store.postgres import PostgresStore
from trinity_channels.store.tables import SETTING

_ALL = select(func.count()).select_from(SETTING)
_TRANSACTION = select(func.txid_current())
_DIVIDED = select(literal(1) / func.length(""))


async def test_what_a_unit_wrote_is_there_and_a_bad_one_leaves_nothing(store: PostgresStore) -> None:
    def bad(tx: Tx) -> None:
        put(tx, "bad")
        raise ValueError("a unit's own")

    results = await asyncio.gather(
        store.write(lambda tx: put(tx, "a")),
        store.write(bad),
        store.write(lambda tx: put(tx, "b")),
        return_exceptions=True,
    )

    assert [results[0], type(results[1]), results[2]] == ["a", ValueError, "b"]
    assert await store.read(lambda tx: [settings.get(tx, one) for one in ("a", "bad", "b")]) == ["x", None, "x"]


@pytest.mark.parametrize("error", [asyncio.CancelledError, SystemExit, StopIteration])
async def test_a_unit_that_raises_what_ends_a_task_harms_only_itself(
    store: PostgresStore, error: type[BaseException]
) -> None:
    def bad(tx: Tx) -> None:
        put(tx, "bad")
        raise error

    async def raised() -> type[BaseException] | None:
        try:
            async with asyncio.timeout(10):
                await store.write(bad)
        except BaseException as found:  # noqa: BLE001  in a task of its own it could end the test
            return type(found)
        return None

    results = await asyncio.gather(store.write(lambda tx: put(tx, "a")), raised(), store.write(lambda tx: put(tx, "b")))

    assert list(results) == ["a", RuntimeError if error is StopIteration else error, "b"]
    assert await store.read(lambda tx: [settings.get(tx, one) for one in ("a", "bad", "b")]) == ["x", None, "x"]


async def test_units_that_look_before_they_write_do_so_one_after_the_other(store: PostgresStore, url: str) -> None:
    other = PostgresStore(url)
    other.open(serve=False)

    numbers = await asyncio.gather(*(one.write(counted_up) for _ in range(20) for one in (store, other)))
    await other.close()

    assert sorted(numbers) == list(range(1, 41))


def long_unit(other: PostgresStore, runs: list[None]) -> Callable[[Tx], int]:
    """A unit during which another process commits what it has read, if that may write beside it."""
    loop = asyncio.get_running_loop()

    def unit(tx: Tx) -> int:
        runs.append(None)
        number = int(settings.get(tx, "number") or 0) + 1
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(other.write(counted_up), loop).result(0.3)
        settings.put(tx, "number", str(number))
        return number

    return unit


@pytest.fixture
async def other(url: str) -> AsyncIterator[PostgresStore]:
    """The same database in another process."""
    made = PostgresStore(url)
    made.open(serve=False)
    yield made
    await made.close()


async def test_a_long_unit_that_those_of_other_processes_would_always_end_runs_alone(
    store: PostgresStore, other: PostgresStore
) -> None:
    runs: list[None] = []

    number = await store.write(long_unit(other, runs))

    assert 1 < len(runs) <= 4
    # Each run that was ended had let one in.
    assert number == len(runs)
    assert await store.write(counted_up) > number


async def test_a_unit_that_is_always_ended_says_that_the_database_is_busy(
    store: PostgresStore, other: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trinity_channels.store.postgres._PAUSES", (0, 0, 0, 0))
    monkeypatch.setattr("trinity_channels.store.postgres._ALONE", b"SELECT 'as a program that knows of no lock'")
    runs: list[None] = []

    with pytest.raises(StoreError, match="is too busy"):
        await store.write(long_unit(other, runs))

    assert len(runs) == 5


async def test_units_that_wait_share_a_transaction_and_those_that_fail_are_left_out(store: PostgresStore) -> None:
    def noted(tx: Tx) -> int:
        counted_up(tx)
        return tx.number(_TRANSACTION)

    def wrong(tx: Tx) -> None:
        put(tx, "wrong")
        tx.number(_DIVIDED)

    def bad(tx: Tx) -> None:
        put(tx, "bad")
        raise ValueError("a unit's own")

    units = (noted, noted, wrong, noted, bad, noted)
    first, second, refused, third, own, fourth = await asyncio.gather(
        *(store.write(one) for one in units), return_exceptions=True
    )

    assert first == second == third == fourth
    assert "division by zero" in str(refused)
    assert isinstance(own, ValueError)
    found = await store.read(lambda tx: [settings.get(tx, one) for one in ("number", "wrong", "bad")])
    assert found == ["4", None, None]


async def test_what_is_read_is_of_one_moment_and_cannot_be_written(store: PostgresStore) -> None:
    loop = asyncio.get_running_loop()

    def twice(tx: Tx) -> list[str | None]:
        before = settings.get(tx, "a")
        asyncio.run_coroutine_threadsafe(store.write(lambda tx: put(tx, "a")), loop).result(10)
        return [before, settings.get(tx, "a")]

    assert await store.read(twice) == [None, None]
    with pytest.raises(StoreError, match="read-only"):
        await store.read(lambda tx: put(tx, "b"))
    assert await store.lookup(lambda tx: settings.get(tx, "a")) == "x"


@pytest.mark.parametrize("times", [1, 3])
async def test_a_connection_that_breaks_in_a_unit_is_replaced_and_the_unit_runs_once_more(
    store: PostgresStore, times: int
) -> None:
    broken: list[None] = []

    def unlucky(tx: Tx) -> int:
        number = counted_up(tx)
        if len(broken) < times:
            broken.append(None)
            killed(tx)
            tx.number(_ALL)
        return number

    assert await store.write(unlucky) == 1
    assert await store.read(lambda tx: settings.get(tx, "number")) == "1"


async def test_a_unit_that_fails_on_a_connection_that_broke_fails_with_its_own_error(store: PostgresStore) -> None:
    def unlucky(tx: Tx) -> None:
        killed(tx)
        raise ValueError("a unit's own")

    for work in (store.write, store.read):
        with pytest.raises(ValueError, match="own"):
            await work(unlucky)
    assert await store.write(counted_up) == 1


async def test_a_connection_that_broke_between_units_is_replaced(store: PostgresStore) -> None:
    await asyncio.gather(*(store.write(counted_up) for _ in range(20)))
    postgres.administer("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'of_the_store'")

    assert await store.read(lambda tx: settings.get(tx, "number")) == "20"
    assert await store.write(counted_up) == 21


@contextlib.contextmanager
def attempts_to_connect() -> Iterator[list[dict[str, Any]]]:
    """The parameters of each attempt."""
    made: list[dict[str, Any]] = []

    def seen(_dialect: object, _record: object, _args: object, parameters: dict[str, Any]) -> None:
        made.append(parameters)

    event.listen(Engine, "do_connect", seen)
    yield made
    event.remove(Engine, "do_connect", seen)


async def test_while_the_database_is_away_work_waits_once_and_is_then_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, store: PostgresStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "trinity_channels.store")
    monkeypatch.setattr("trinity_channels.store.postgres_sessions.PATIENCE", 0.5)
    monkeypatch.setattr("trinity_channels.store.postgres_sessions._MOMENT", 60)
    await asyncio.gather(*(store.write(counted_up) for _ in range(20)))
    postgres.administer("ALTER DATABASE of_the_store WITH ALLOW_CONNECTIONS false")
    postgres.administer(BROKEN)
    began = time.monotonic()

    first = await asyncio.gather(*(store.write(counted_up) for _ in range(40)), return_exceptions=True)

    assert {type(one) for one in first} == {StoreError}
    assert time.monotonic() - began < 3
    with attempts_to_connect() as attempts:
        later = await asyncio.gather(*(store.read(counted_up) for _ in range(20)), return_exceptions=True)
    assert all("not currently accepting connections" in str(one) for one in later)
    assert attempts == []
    postgres.administer("ALTER DATABASE of_the_store WITH ALLOW_CONNECTIONS true")
    monkeypatch.setattr("trinity_channels.store.postgres_sessions._MOMENT", 0)
    assert await store.write(counted_up) == 21
    away, back = caplog.messages
    assert away.startswith("database away: ")
    assert "not currently accepting connections" in away
    assert back.startswith("database back after ")


async def test_a_statement_has_limited_time(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr("trinity_channels.store.postgres_sessions._STATEMENT", 0.1)
    store = PostgresStore(url)
    store.open()

    with pytest.raises(StoreError, match="statement timeout"):
        await store.write(lambda tx: tx.query(select(func.pg_sleep(30))))
    assert await store.write(counted_up) == 1
    await store.close()


def test_a_lost_network_is_noticed_and_the_url_may_say_when(url: str) -> None:
    with attempts_to_connect() as attempts:
        PostgresStore(url).exists()
        PostgresStore(f"{url}&keepalives_idle=77").exists()

    assert [one["keepalives_idle"] for one in attempts] == [10, "77"]
    assert {(one["tcp_user_timeout"], one["keepalives_interval"], one["keepalives_count"]) for one in attempts} == {
        (10_000, 5, 3)
    }


async def test_a_commit_whose_end_is_unknown_is_not_repeated(store: PostgresStore, url: str) -> None:
    with psycopg.connect(postgres.plain(url), autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION falls() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END $$"
        )
        connection.execute(
            f"CREATE CONSTRAINT TRIGGER falls AFTER INSERT ON {SETTING.name} DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW WHEN (NEW.name = 'falls') EXECUTE FUNCTION falls()"
        )
    runs: list[str] = []

    with pytest.raises(StoreError, match="may have taken effect"):
        await store.write(lambda tx: runs.append(put(tx, "falls")))

    assert runs == ["falls"]
    assert await store.write(lambda tx: put(tx, "a")) == "a"


async def test_keys_are_woken_after_the_commit_also_for_a_caller_that_has_gone(store: PostgresStore) -> None:
    seen: list[tuple[str, str | None]] = []
    told = asyncio.Event()

    def woken(key: str) -> None:
        seen.append((key, postgres.value("of_the_store", "a")))
        told.set()

    def unit(tx: Tx) -> None:
        put(tx, "a", "committed")
        tx.wake("turn:1")
        tx.wake("turn:1")

    def undone(tx: Tx) -> None:
        tx.wake("turn:2")
        raise ValueError("a unit's own")

    store.on_wake(woken)
    with pytest.raises(ValueError, match="own"):
        await store.write(undone)
    writing = asyncio.create_task(store.write(unit))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait_for(told.wait(), 10)

    assert seen == [("turn:1", "committed")]


async def test_a_closed_store_says_so_after_it_has_finished(store: PostgresStore) -> None:
    writing = asyncio.create_task(store.write(lambda tx: put(tx, "a")))
    await asyncio.sleep(0)
    await store.close()

    assert await writing == "a"
    with pytest.raises(StoreError, match="closed"):
        await store.write(lambda tx: put(tx, "b"))
    with pytest.raises(StoreError, match="closed"):
        await store.read(lambda tx: settings.get(tx, "a"))


@pytest.mark.parametrize(
    ("part", "replacement", "said"),
    [
        ("of_the_store", "of_no_one", 'database "of_no_one" does not exist'),
        ("postgres:@", "stranger:fake-password@", 'role "stranger" does not exist'),
        ("host=", "port=1&host=", "No such file or directory"),
    ],
)
def test_a_database_that_cannot_be_opened_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str, part: str, replacement: str, said: str
) -> None:
    monkeypatch.setattr("trinity_channels.store.postgres._PAUSES", ())
    assert part in url

    with pytest.raises(StoreError, match=r"The database postgresql.* cannot be used: ") as told:
        store_at(url.replace(part, replacement)).open()

    assert said in str(told.value)
    assert "fake-password" not in str(told.value)


async def test_a_database_of_a_later_version_is_refused(store: PostgresStore, url: str) -> None:
    await store.close()
    with psycopg.connect(postgres.plain(url), autocommit=True) as connection:
        connection.execute("UPDATE trinity_channels_alembic_version SET version_num = '0907'")

    with pytest.raises(StoreError, match="schema version 0907"):
        PostgresStore(url).open(serve=False)


async def test_several_that_start_at_once_make_the_tables_once() -> None:
    url = postgres.database("of_several", template="template1")
    stores = [PostgresStore(url) for _ in range(4)]

    await asyncio.gather(*(asyncio.to_thread(one.open, serve=False) for one in stores))

    assert await stores[0].write(lambda tx: put(tx, "a")) == "a"
    assert [await one.read(lambda tx: settings.get(tx, "a")) for one in stores] == ["x"] * 4
    for one in stores:
        await one.close()
