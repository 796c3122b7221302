"""The store: units of work, one bad one among good ones, one process per file, a graceful shutdown."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import select

from tests.database import found, full_disk
from trinity_channels.store import Locked, StoreError, Tx, settings, sqlite
from trinity_channels.store.sqlite import SqliteStore
from trinity_channels.store.tables import SETTING


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return found(tmp_path)


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(f"sqlite:///{path}")
    made.open()
    yield made
    await made.close()


@pytest.fixture
def lock(store: SqliteStore) -> Iterator[sqlite3.Connection]:
    """Another program that writes to the same file, and takes its time."""
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def put(tx: Tx, name: str, value: str = "x") -> str:
    settings.put(tx, name, value)
    return name


async def names(store: SqliteStore, *wanted: str) -> list[str]:
    return await store.read(lambda tx: [name for name in wanted if settings.get(tx, name) is not None])


async def test_a_unit_returns_its_result_and_is_there(store: SqliteStore) -> None:
    assert await store.write(lambda tx: put(tx, "a")) == "a"
    assert await names(store, "a", "b") == ["a"]


async def test_a_lookup_sees_what_was_written_before_it_and_nothing_half_done(store: SqliteStore) -> None:
    await store.write(lambda tx: put(tx, "a"))
    writing = asyncio.create_task(store.write(lambda tx: put(tx, "b")))
    await asyncio.sleep(0)

    before = await store.lookup(lambda tx: settings.get(tx, "b"))
    await writing

    assert before is None
    assert await store.lookup(lambda tx: [settings.get(tx, name) for name in ("a", "b")]) == ["x", "x"]


async def test_a_lookup_that_fails_leaves_the_next_one_alone(store: SqliteStore) -> None:
    def bad(_: Tx) -> str:
        raise ValueError("mine alone")

    for _ in range(2):
        with pytest.raises(ValueError, match="mine alone"):
            await store.lookup(bad)

    assert await store.lookup(lambda tx: settings.get(tx, "a")) is None


async def test_the_stamp_stays_while_nothing_is_written(store: SqliteStore) -> None:
    await store.write(lambda tx: put(tx, "a"))
    before = store.stamp()

    await names(store, "a")
    await store.lookup(lambda tx: settings.get(tx, "a"))
    await store.write(lambda tx: settings.get(tx, "a"))

    assert before is not None
    assert store.stamp() == before


async def test_every_commit_changes_the_stamp(store: SqliteStore) -> None:
    stamps = [store.stamp()]

    await store.write(lambda tx: put(tx, "a"))
    stamps.append(store.stamp())
    with closing(sqlite3.connect(store.path)) as other, other:
        other.execute("UPDATE trinity_channels_setting SET value = 'y'")
    stamps.append(store.stamp())

    assert len(set(stamps)) == 3


async def test_a_closed_store_has_no_stamp(store: SqliteStore) -> None:
    await store.close()

    assert store.stamp() is None


async def test_a_lookup_writes_nothing(store: SqliteStore) -> None:
    with pytest.raises(StoreError, match="readonly"):
        await store.lookup(lambda tx: put(tx, "a"))

    assert await names(store, "a") == []


async def test_a_lock_of_somebody_else_holds_up_no_lookup(store: SqliteStore, lock: sqlite3.Connection) -> None:
    assert lock.in_transaction
    assert await store.lookup(lambda tx: settings.get(tx, "a")) is None


async def test_a_closed_store_looks_nothing_up(store: SqliteStore) -> None:
    await store.close()

    with pytest.raises(StoreError, match="closed"):
        await store.lookup(lambda tx: settings.get(tx, "a"))


async def test_a_bad_unit_harms_only_itself(store: SqliteStore) -> None:
    def bad(tx: Tx) -> str:
        put(tx, "half")
        raise ValueError("mine alone")

    units = [store.write(lambda tx, name=name: put(tx, name)) for name in ("a", "b")]  # type: ignore[misc]  # bound
    units[1:1] = [store.write(bad), store.write(bad)]
    results = await asyncio.gather(*units, return_exceptions=True)

    assert [type(one) for one in results] == [str, ValueError, ValueError, str]
    assert await names(store, "a", "half", "b") == ["a", "b"]


async def test_a_lock_of_somebody_else_holds_up_nothing_but_writes(
    store: SqliteStore, lock: sqlite3.Connection
) -> None:
    writing = asyncio.create_task(store.write(lambda tx: put(tx, "a")))

    assert await names(store, "a") == []
    assert not writing.done()
    lock.execute("COMMIT")
    assert await writing == "a"


async def test_a_lock_of_somebody_else_is_waited_for_once(
    store: SqliteStore, lock: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE", 0.2)
    started = monotonic()
    results = await asyncio.gather(*(store.write(lambda tx: put(tx, "b")) for _ in range(50)), return_exceptions=True)

    assert {type(one) for one in results} == {StoreError}
    assert "another program has kept it locked" in str(results[0])
    assert monotonic() - started < 2  # one wait each would be ten seconds
    lock.execute("COMMIT")
    assert await store.write(lambda tx: put(tx, "c")) == "c"
    assert await names(store, "b", "c") == ["c"]


@pytest.mark.parametrize("together", [1, 3])
async def test_a_full_disk_is_said_and_is_over_when_there_is_room(store: SqliteStore, together: int) -> None:
    with full_disk(store):
        lost = await asyncio.gather(
            *(store.write(lambda tx: put(tx, "lost")) for _ in range(together)), return_exceptions=True
        )

    assert {type(one) for one in lost} == {StoreError}
    assert str(store.path) in str(lost[0])
    assert await store.write(lambda tx: put(tx, "kept")) == "kept"
    assert await names(store, "lost", "kept") == ["kept"]


async def test_units_are_written_in_the_order_given(store: SqliteStore) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(500):
            group.create_task(store.write(lambda tx, number=number: put(tx, "n", str(number))))  # type: ignore[misc]

    assert await store.read(lambda tx: settings.get(tx, "n")) == "499"


async def test_who_stops_waiting_stops_nobody_else(store: SqliteStore) -> None:
    waiting = asyncio.create_task(store.write(lambda tx: put(tx, "a")))
    await asyncio.sleep(0)
    waiting.cancel()

    assert await store.write(lambda tx: put(tx, "b")) == "b"
    assert await names(store, "a", "b") == ["a", "b"]


def wakes(tx: Tx, *keys: str) -> str:
    """A unit that writes, and names keys that it has made work for."""
    for key in keys:
        tx.wake(key)
    return put(tx, keys[-1])


def committed(path: Path, name: str) -> bool:
    """Whether another connection sees what a unit wrote."""
    with closing(sqlite3.connect(path)) as other:
        return bool(other.execute("SELECT 1 FROM trinity_channels_setting WHERE name = ?", (name,)).fetchall())


async def test_a_unit_may_build_a_query_and_write(store: SqliteStore, path: Path) -> None:
    def unit(tx: Tx) -> list[str]:
        put(tx, "before")
        found = [row.name for row in tx.query(select(SETTING.c.name).where(SETTING.c.name == "before"))]
        put(tx, "after")
        return found

    assert await store.write(unit) == ["before"]
    assert committed(path, "after")
    assert await store.write(unit) == ["before"]


async def test_nothing_stays_of_a_unit_that_fails_after_a_query_that_it_built(store: SqliteStore, path: Path) -> None:
    def unit(tx: Tx) -> None:
        put(tx, "half")
        tx.query(select(SETTING.c.name))
        raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        await store.write(unit)

    await store.write(lambda tx: put(tx, "next"))
    assert not committed(path, "half")
    assert committed(path, "next")


async def test_a_wake_is_passed_on_after_the_commit(store: SqliteStore, path: Path) -> None:
    seen: list[tuple[str, bool]] = []
    store.on_wake(lambda key: seen.append((key, committed(path, "turn:1"))))

    await store.write(lambda tx: wakes(tx, "deliver:1", "turn:1"))

    assert seen == [("deliver:1", True), ("turn:1", True)]


async def test_units_of_one_commit_wake_in_their_order_and_each_key_once(store: SqliteStore) -> None:
    woken: list[str] = []
    store.on_wake(woken.append)

    await asyncio.gather(
        store.write(lambda tx: wakes(tx, "turn:2", "turn:1")),
        store.write(lambda tx: put(tx, "wakes nothing")),
        store.write(lambda tx: wakes(tx, "turn:3", "turn:2")),
    )

    assert woken == ["turn:2", "turn:1", "turn:3"]


async def test_only_committed_units_wake_though_the_good_ones_run_twice(store: SqliteStore) -> None:
    woken: list[str] = []
    runs: list[str] = []
    store.on_wake(woken.append)

    def good(tx: Tx, key: str) -> str:
        runs.append(key)
        return wakes(tx, key)

    def bad(tx: Tx) -> str:
        wakes(tx, "turn:9")
        raise ValueError("mine alone")

    await asyncio.gather(
        store.write(lambda tx: good(tx, "turn:1")),
        store.write(bad),
        store.write(lambda tx: good(tx, "turn:2")),
        return_exceptions=True,
    )

    assert runs == ["turn:1", "turn:1", "turn:2"]
    assert woken == ["turn:1", "turn:2"]


@pytest.mark.parametrize("together", [1, 3])
async def test_a_commit_that_fails_wakes_nothing(store: SqliteStore, together: int) -> None:
    woken: list[str] = []
    store.on_wake(woken.append)
    with full_disk(store):
        units = (store.write(lambda tx: wakes(tx, "turn:9")) for _ in range(together))
        await asyncio.gather(*units, return_exceptions=True)

    await store.write(lambda tx: wakes(tx, "turn:1"))

    assert woken == ["turn:1"]


async def test_a_wake_does_not_depend_on_the_caller_who_gave_up(store: SqliteStore) -> None:
    woken: list[str] = []
    store.on_wake(woken.append)
    waiting = asyncio.create_task(store.write(lambda tx: wakes(tx, "turn:1")))
    await asyncio.sleep(0)
    waiting.cancel()

    await store.write(lambda tx: put(tx, "b"))

    assert woken == ["turn:1"]


async def test_the_caller_goes_on_before_what_it_has_woken_runs(store: SqliteStore) -> None:
    order: list[str] = []
    runs: list[asyncio.Task[None]] = []

    async def run(key: str) -> None:
        order.append(key)

    store.on_wake(lambda key: runs.append(asyncio.create_task(run(key))))

    await store.write(lambda tx: wakes(tx, "turn:1"))
    order.append("caller")
    await asyncio.gather(*runs)

    assert order == ["caller", "turn:1"]


async def test_reading_wakes_nothing(store: SqliteStore) -> None:
    woken: list[str] = []
    store.on_wake(woken.append)

    await store.read(lambda tx: tx.wake("turn:1"))
    await store.write(lambda tx: put(tx, "a"))

    assert woken == []


async def test_the_log_is_emptied_beside_writes_and_waits_for_no_reader(store: SqliteStore, path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    await store.write(lambda tx: put(tx, "a"))
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM trinity_channels_setting").fetchone()
        await store.write(lambda tx: put(tx, "b"))
        assert not await store.empty_log()

    await asyncio.gather(store.empty_log(), *(store.write(lambda tx: put(tx, "c")) for _ in range(5)))
    assert await store.empty_log()

    assert log.stat().st_size == 0
    assert await names(store, "a", "b", "c") == ["a", "b", "c"]


async def test_reading_cannot_write(store: SqliteStore) -> None:
    with pytest.raises(Exception, match="readonly"):
        await store.read(lambda tx: put(tx, "a"))

    assert await names(store, "a") == []


async def test_a_file_has_one_host(store: SqliteStore, path: Path) -> None:
    assert await names(store) == []

    with pytest.raises(Locked, match=r"Another host serves .*channels\.db.* stop the other one"):
        SqliteStore(f"sqlite:///{path}").open()


async def test_a_command_may_look_in_while_a_host_serves(store: SqliteStore, path: Path) -> None:
    await store.write(lambda tx: put(tx, "a"))
    visitor = SqliteStore(f"sqlite:///{path}")
    visitor.open(serve=False)

    assert await names(visitor, "a") == ["a"]
    await visitor.close()
