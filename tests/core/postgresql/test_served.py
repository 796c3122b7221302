"""One process serves a database, also when its connections break."""

from __future__ import annotations

import os
import socket
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, event

from tests import postgres
from tests.postgres_units import BROKEN, counted_up
from trinity_channels.store import Locked, serving, settings
from trinity_channels.store.postgres import PostgresStore


async def test_one_process_serves_a_database_and_others_may_look(store: PostgresStore, url: str) -> None:
    visitor = PostgresStore(url)

    assert visitor.is_served()
    with pytest.raises(Locked, match="Another process serves postgresql"):
        visitor.open()
    visitor.open(serve=False)
    assert await visitor.read(lambda tx: settings.get(tx, "a")) is None
    await visitor.close()
    await store.close()
    assert not visitor.is_served()


async def test_to_ask_whether_a_database_is_served_keeps_no_host_from_starting(url: str) -> None:
    engine = create_engine(url)
    store = PostgresStore(url)
    with engine.connect() as asking:
        assert not serving.is_served(asking)
        store.open()
        assert serving.is_served(asking)
    engine.dispose()
    await store.close()


@pytest.mark.parametrize("which", ["", " AND pid IN (SELECT pid FROM pg_locks WHERE mode = 'ExclusiveLock')"])
async def test_a_process_whose_connections_break_still_serves(store: PostgresStore, url: str, which: str) -> None:
    await store.write(counted_up)
    postgres.administer(BROKEN + which)

    assert await store.write(counted_up) == 2
    assert PostgresStore(url).is_served()
    with pytest.raises(Locked, match="Another process serves"):
        PostgresStore(url).open()
    assert await store.write(counted_up) == 3


async def test_a_process_that_was_replaced_while_its_connections_were_broken_does_nothing_more(
    store: PostgresStore, url: str
) -> None:
    await store.write(counted_up)
    postgres.administer(BROKEN)
    successor = PostgresStore(url)
    successor.open()
    assert await successor.write(counted_up) == 2

    for work in (store.write, store.read, store.lookup):
        with pytest.raises(Locked, match="has served"):
            await work(counted_up)
    assert await successor.write(counted_up) == 3
    await successor.close()
    with pytest.raises(Locked, match="has served"):
        await store.write(counted_up)
    await store.close()
    store.open()
    assert await store.write(counted_up) == 4


async def test_a_lock_that_the_server_keeps_for_a_connection_that_broke_here_is_taken_again(url: str) -> None:
    connections: list[psycopg.Connection[Any]] = []

    def made(connection: psycopg.Connection[Any], _record: object) -> None:
        connections.append(connection)

    event.listen(Engine, "connect", made)
    store = PostgresStore(url)
    store.open()
    event.remove(Engine, "connect", made)
    used = connections[0].fileno()
    # The network loses the end of the connection: the server's side of it stays as it is.
    kept, (ours, theirs) = os.dup(used), socket.socketpair()
    theirs.close()
    os.dup2(ours.fileno(), used)
    ours.close()

    assert await store.write(counted_up) == 1
    assert PostgresStore(url).is_served()
    os.close(kept)
    await store.close()
