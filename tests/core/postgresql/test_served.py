"""Several processes serve a database together; one that changes or moves it must be alone, also when connections break."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine

from tests import postgres
from tests.postgres_units import BROKEN, counted_up, put
from trinity_channels.store import Locked, migrate, serving, settings
from trinity_channels.store.postgres import PostgresStore

VERSION = f"UPDATE {migrate.VERSION_TABLE} SET version_num = '{{}}'"  # noqa: S608  a constant


def stands(version: str) -> None:
    """Let the schema look like that of another version."""
    with psycopg.connect(postgres.plain(postgres.database("of_the_store")), autocommit=True) as connection:
        connection.execute(VERSION.format(version).encode())


@contextlib.contextmanager
def kept_out(url: str) -> Iterator[bool]:
    """Whether a command can have the database for itself, as one that moves it; it has it meanwhile."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            yield serving.keep_out(connection)
            serving.leave(connection)
    finally:
        engine.dispose()


async def test_several_processes_serve_a_database_and_others_may_look(store: PostgresStore, url: str) -> None:
    second, visitor = PostgresStore(url), PostgresStore(url)

    second.open()
    visitor.open(serve=False)
    assert await asyncio.gather(*(one.write(counted_up) for one in (store, second))) in ([1, 2], [2, 1])
    assert await visitor.read(lambda tx: settings.get(tx, "number")) == "2"
    assert [store.beside, len(second.beside)] == [(), 1]
    await store.close()
    assert visitor.is_served()
    await second.close()
    assert not visitor.is_served()
    await visitor.close()


async def test_a_start_beside_one_that_hangs_in_an_upgrade_says_so_and_gives_up_in_time(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serving, "LONGEST_UPGRADE", 1)
    with psycopg.connect(f"{postgres.plain(url)}&application_name=hangs", autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [migrate.UPGRADING])
        with pytest.raises(Locked, match=r"for 1 seconds: hangs\. Look whether it still works"):
            PostgresStore(url).open()
    assert "waiting for another process to bring up the schema" in caplog.text

    store = PostgresStore(url)
    store.open()
    await store.close()


async def test_to_ask_whether_a_database_is_served_keeps_no_host_from_starting(url: str) -> None:
    engine = create_engine(url)
    store = PostgresStore(url)
    with engine.connect() as asking:
        assert not serving.is_served(asking)
        store.open()
        assert serving.is_served(asking)
    engine.dispose()
    await store.close()


async def test_a_database_that_is_served_is_not_moved_and_one_that_is_moved_is_not_served(url: str) -> None:
    store = PostgresStore(url)
    with kept_out(url) as alone:
        assert alone
        assert store.is_served()
        with pytest.raises(Locked, match=r"has the database postgresql.* for itself"):
            store.open()
    store.open()
    with kept_out(url) as alone:
        assert not alone
    await store.close()


@pytest.mark.parametrize("serve", [True, False])
async def test_an_upgrade_needs_the_database_alone_and_names_who_is_in_the_way(
    store: PostgresStore, url: str, serve: bool
) -> None:
    stands("0012")
    later = PostgresStore(url)

    with pytest.raises(Locked, match=r"processes of that version serve it: trinity_channels .*:\d+\. Stop them all"):
        later.open(serve=serve)

    await store.close()
    stands(migrate.newest())  # as an upgrade would have left it
    later.open(serve=serve)
    await later.close()


async def test_a_connection_that_breaks_leaves_the_process_serving(store: PostgresStore, url: str) -> None:
    await store.write(counted_up)
    postgres.administer(BROKEN)

    assert await store.write(counted_up) == 2
    assert PostgresStore(url).is_served()
    with kept_out(url) as alone:
        assert not alone


@pytest.mark.parametrize("became", ["0012", "0907", "moved"])
async def test_a_process_does_nothing_more_with_a_database_that_changed_while_it_was_cut_off(
    store: PostgresStore, became: str
) -> None:
    await store.write(counted_up)
    postgres.administer(BROKEN)
    stands(became)

    for work in (store.write, store.read, store.lookup):
        with pytest.raises(Locked, match="since this process has started"):
            await work(counted_up)

    stands(migrate.newest())  # a backup that fits
    assert await store.write(counted_up) == 2


async def test_a_process_that_was_cut_off_waits_for_the_end_of_a_move(store: PostgresStore, url: str) -> None:
    await store.write(counted_up)
    postgres.administer(BROKEN)
    with kept_out(url) as alone:
        assert alone
        with pytest.raises(Locked, match="for itself"):
            await store.write(counted_up)

    assert await store.write(counted_up) == 2


async def test_several_that_start_at_once_on_an_empty_database_all_serve_it() -> None:
    url = postgres.database("of_several", template="template1")
    stores = [PostgresStore(url) for _ in range(4)]

    await asyncio.gather(*(asyncio.to_thread(one.open) for one in stores))

    assert [await one.write(lambda tx: put(tx, "a")) for one in stores] == ["a"] * 4
    for one in stores:
        await one.close()
