"""What ends a program, or a task, may come up in a unit of work: its caller is told, and no other one waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.database import found
from trinity_channels.store import Store, Tx, settings
from trinity_channels.store.database import Unit
from trinity_channels.store.sqlite import SqliteStore

ENDS = (KeyboardInterrupt, SystemExit, asyncio.CancelledError)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(f"sqlite:///{found(tmp_path)}")
    made.open()
    yield made
    await made.close()


def puts(name: str, error: type[BaseException] | None = None, times: list[str] | None = None) -> Unit[str]:
    """A unit that writes, and then may raise; `times` gets its name each time it runs."""

    def unit(tx: Tx) -> str:
        if times is not None:
            times.append(name)
        settings.put(tx, name, "x")
        if error:
            raise error
        return name

    return unit


def raises(error: type[BaseException]) -> Unit[None]:
    def unit(_: Tx) -> None:
        raise error

    return unit


async def outcome(store: Store, unit: Unit[str]) -> object:
    """The result of a writing unit, or the kind of what it raised: in a task of its own that could end the test."""
    try:
        async with asyncio.timeout(10):
            return await store.write(unit)
    except BaseException as error:  # noqa: BLE001  what it is about
        return type(error)


@pytest.mark.parametrize("error", ENDS)
async def test_the_caller_is_told_and_the_next_write_works(store: SqliteStore, error: type[BaseException]) -> None:
    assert await outcome(store, puts("half", error)) is error
    assert await outcome(store, puts("a")) == "a"

    assert await store.read(lambda tx: [settings.get(tx, one) for one in ("half", "a")]) == [None, "x"]


@pytest.mark.parametrize("error", ENDS)
async def test_only_the_caller_of_that_unit_is_told(store: SqliteStore, error: type[BaseException]) -> None:
    times: list[str] = []
    units = (puts("a"), puts("half", error, times), puts("b"))

    outcomes = await asyncio.gather(*(outcome(store, unit) for unit in units))

    assert outcomes == ["a", error, "b"]
    assert times == ["half"], "an interruption would not come a second time"
    assert await store.read(lambda tx: [settings.get(tx, one) for one in ("a", "half", "b")]) == ["x", None, "x"]


@pytest.mark.parametrize("error", [StopIteration, GeneratorExit])
async def test_what_no_future_can_tell_is_a_failure(store: SqliteStore, error: type[BaseException]) -> None:
    assert await outcome(store, puts("half", error)) is RuntimeError
    for read in (store.read, store.lookup):
        with pytest.raises(RuntimeError, match=error.__name__):
            async with asyncio.timeout(10):
                await read(raises(error))

    assert await outcome(store, puts("a")) == "a"


async def test_who_waits_is_told_when_the_writing_itself_is_cancelled(store: SqliteStore) -> None:
    waiting = [asyncio.create_task(outcome(store, puts(name))) for name in "ab"]
    await asyncio.sleep(0)
    (writing,) = [task for task in asyncio.all_tasks() if task.get_name() == "store-write"]

    writing.cancel()

    assert await asyncio.gather(*waiting) == [asyncio.CancelledError] * 2
    assert await outcome(store, puts("c")) == "c"
