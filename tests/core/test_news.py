"""What a committed unit tells is known in this process before its caller goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import database
from trinity_channels.store import StoreError, Tx, news, settings
from trinity_channels.store.news import Subject
from trinity_channels.store.sqlite import SqliteStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(f"sqlite:///{database.found(tmp_path)}")
    made.open()
    await made.listen()
    yield made
    await made.close()


def tells(tx: Tx, *subjects: Subject) -> None:
    settings.put(tx, "a", "x")
    for one in subjects:
        tx.tell(one)


async def test_what_is_told_is_forgotten_before_the_caller_goes_on(store: SqliteStore) -> None:
    heard: list[str] = []
    store.on_news(Subject.BINDINGS, lambda: heard.append("bindings"))
    store.on_news(Subject.LIMITS, lambda: heard.append("limits"))

    await store.write(lambda tx: tells(tx, Subject.BINDINGS, Subject.BINDINGS))
    heard.append("caller")
    await store.write(tells)

    assert heard == ["bindings", "caller"]


async def test_only_committed_units_tell_though_the_good_ones_run_twice(store: SqliteStore) -> None:
    heard: list[str] = []
    store.on_news(Subject.BINDINGS, lambda: heard.append("bindings"))
    store.on_news(Subject.LIMITS, lambda: heard.append("limits"))

    def bad(tx: Tx) -> None:
        tells(tx, Subject.LIMITS)
        raise ValueError("mine alone")

    await asyncio.gather(store.write(lambda tx: tells(tx, Subject.BINDINGS)), store.write(bad), return_exceptions=True)
    with pytest.raises(ValueError, match="mine alone"):
        await store.write(bad)
    await store.write(tells)

    assert heard == ["bindings"]


async def test_what_is_read_again_is_read_before_the_caller_goes_on(store: SqliteStore) -> None:
    found: list[str | None] = []

    async def read() -> None:
        found.append(await store.read(lambda tx: settings.get(tx, "a")))

    store.read_on_news(Subject.LIMITS, read)

    await store.write(lambda tx: tells(tx, Subject.LIMITS))

    assert found == ["x"]


async def test_what_is_told_while_it_is_read_again_is_read_once_more(store: SqliteStore) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()
    reads: list[None] = []

    async def read() -> None:
        reads.append(None)
        begun.set()
        await may_end.wait()

    store.read_on_news(Subject.LIMITS, read)
    first = asyncio.create_task(store.write(lambda tx: tells(tx, Subject.LIMITS)))
    await begun.wait()
    others = [asyncio.create_task(store.write(lambda tx: tells(tx, Subject.LIMITS))) for _ in range(3)]
    await store.write(tells)

    assert [len(reads), first.done(), *(one.done() for one in others)] == [1, False, False, False, False]
    may_end.set()
    await asyncio.gather(first, *others)
    assert len(reads) == 2


async def test_what_cannot_be_read_is_read_again_later_and_the_caller_does_not_wait_for_it(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "FIRST_PAUSE", 0.01)
    done = asyncio.Event()
    reads: list[None] = []

    async def read() -> None:
        reads.append(None)
        if len(reads) < 3:
            raise StoreError("away")
        done.set()

    store.read_on_news(Subject.LIMITS, read)
    await store.write(lambda tx: tells(tx, Subject.LIMITS))

    assert len(reads) < 3
    await asyncio.wait_for(done.wait(), 10)
    assert len(reads) == 3


async def test_what_is_being_read_ends_with_the_store_and_goes_on_after_another_start(store: SqliteStore) -> None:
    begun, reads = asyncio.Event(), 0

    async def read() -> None:
        nonlocal reads
        reads += 1
        begun.set()
        if reads == 1:
            await asyncio.Event().wait()

    store.read_on_news(Subject.LIMITS, read)
    writing = asyncio.create_task(store.write(lambda tx: tells(tx, Subject.LIMITS)))
    await begun.wait()
    await store.close()
    await asyncio.wait_for(writing, 10)

    store.open()
    await asyncio.wait_for(store.write(lambda tx: tells(tx, Subject.LIMITS)), 10)
    assert reads == 2


async def test_what_the_last_writes_tell_is_read_no_more(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "FIRST_PAUSE", 0.01)
    reads: list[None] = []

    async def read() -> None:
        reads.append(None)
        await store.read(lambda tx: settings.get(tx, "a"))

    store.read_on_news(Subject.LIMITS, read)
    writing = asyncio.create_task(store.write(lambda tx: tells(tx, Subject.LIMITS)))
    await asyncio.sleep(0)
    await store.close()
    await asyncio.wait_for(writing, 10)

    before = len(reads)
    await asyncio.sleep(0.1)
    assert len(reads) == before <= 1


async def test_a_caller_that_gives_up_keeps_no_one_from_hearing(store: SqliteStore) -> None:
    heard: list[str] = []
    store.on_news(Subject.BINDINGS, lambda: heard.append("bindings"))
    waiting = asyncio.create_task(store.write(lambda tx: tells(tx, Subject.BINDINGS)))
    await asyncio.sleep(0)
    waiting.cancel()

    await store.write(tells)

    assert heard == ["bindings"]


async def test_a_host_that_stopped_before_it_read_reads_when_it_starts_again() -> None:
    told, read = news.News(), asyncio.Event()

    async def reads() -> None:
        read.set()

    told.read_on(Subject.LIMITS, reads)
    told.say([Subject.LIMITS])
    told.stop()
    await asyncio.sleep(0)
    assert not read.is_set()

    told.say([Subject.LIMITS])
    await asyncio.wait_for(told.settled(), 5)

    assert read.is_set()
