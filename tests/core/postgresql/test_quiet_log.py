"""What the log says at each start and in an outage of the database."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.dispatching import Work
from tests.world import World
from trinity_channels.dispatch.postgres import PostgresDispatcher
from trinity_channels.ports import utc_now
from trinity_channels.store import StoreError
from trinity_channels.store.postgres import PostgresStore


async def test_a_start_does_not_say_that_there_is_no_periodic_task(
    store: PostgresStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    work = Work(store)
    dispatcher = PostgresDispatcher(store, work.open_keys, utc_now)
    await dispatcher.start(work.run)
    await dispatcher.stop(1)
    assert not [one for one in caplog.records if one.name == "procrastinate.periodic"]


async def test_runs_that_the_database_refuses_are_told_without_a_traceback(
    store: PostgresStore, caplog: pytest.LogCaptureFixture
) -> None:
    async def refused(_: str) -> datetime | None:
        raise StoreError("The database is away.")

    dispatcher = PostgresDispatcher(store, lambda _: {"turn:1", "turn:2", "turn:3"}, utc_now)
    await dispatcher.start(refused)
    await dispatcher.quiet()
    await dispatcher.stop(1)

    told = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert set(told) == {'run not done reason="The database is away."'}


async def test_webhooks_that_the_database_refuses_are_told_once_a_minute(
    tmp_path: Path, clock: FrozenDateTimeFactory, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> None:
        raise StoreError("The database is away.")

    async with World(tmp_path, clock) as world:
        await world.connect()
        zoe = world.person("Zoe")
        await zoe.says("hello")
        told = []
        with monkeypatch.context() as patched:
            patched.setattr(world.host.store, "write", away)
            for _ in range(3):
                webhook = await world.webhook()
                for _ in range(3):
                    assert (await world.posts(webhook, world.inbound("hello"))).status_code == 503
                told.append([one for one in caplog.messages if "webhook not stored" in one])
                clock.tick(61)
    assert [len(one) for one in told] == [1, 2, 3]
    assert "Traceback" not in caplog.text
