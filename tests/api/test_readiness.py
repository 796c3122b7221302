"""`/readyz` says whether requests may be sent to a process, and to those who may look, why not."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.world import LOCAL, World
from trinity_channels.role import Phase
from trinity_channels.store import StoreError, Tx
from trinity_channels.store.move_marks import MOVED, PARTLY

pytestmark = pytest.mark.alone("readiness is the application's to tell")


async def readyz(world: World) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """The status, the answer, and of its reasons the state by code."""
    answer = await world.http.get(f"{LOCAL}/readyz")
    body = answer.json()
    return answer.status_code, body, {one["code"]: one["state"] for one in body["reasons"]}


async def test_a_host_that_can_do_everything_gives_no_reason(world: World) -> None:
    status, body, reasons = await readyz(world)

    assert (status, body["status"], reasons) == (200, "ready", {})
    assert (body["role"], body["dispatcher"], body["database"]) == ("both", "running", "ok")


async def test_while_it_stops_it_is_not_ready_and_still_takes_messages(world: World) -> None:
    world.driver.pause()
    await world.host.wind_down()

    status, body, reasons = await readyz(world)
    await world.person("Zoe").phone.says("hello")
    stored = world.rows("SELECT count(*) FROM trinity_channels_message")

    assert (status, body["dispatcher"], reasons) == (503, "stopping", {"stopping": "failed"})
    assert stored == [(1,)]


async def test_what_came_while_it_stopped_is_answered_by_the_next(world: World) -> None:
    zoe = world.person("Zoe")
    await world.host.wind_down()
    await zoe.says("hello")
    before = zoe.heard()
    await world.stops()

    await world.starts()

    assert (before, len(zoe.heard())) == ([], 1)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (StoreError("The database is on holiday."), "The database is on holiday."),
        (OSError("no route to host"), "no route to host"),
        (KeyError(), "KeyError"),
    ],
)
async def test_a_database_that_cannot_be_read_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    async def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(world.host.store, "read", fail)

    status, body, reasons = await readyz(world)

    assert (status, body["database"], reasons) == (503, type(error).__name__, {"database": "failed"})
    assert message in body["reasons"][0]["message"]
    assert body["unknown_webhooks_last_day"] is None


async def test_a_database_that_is_away_stands_before_all_and_what_follows_from_it_is_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> None:
        raise StoreError("The database is away.")

    await world.host.wind_down()
    monkeypatch.setattr(world.host.store, "read", fail)
    assert list((await readyz(world))[2]) == ["database", "stopping"]

    monkeypatch.setattr(world.host, "phase", Phase.RUNNING)
    monkeypatch.setattr(type(world.host.dispatcher), "heard", False)
    assert list((await readyz(world))[2]) == ["database"]


async def test_a_database_that_does_not_answer_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("trinity_channels.readiness.PATIENCE", 0.01)
    monkeypatch.setattr(world.host.store, "read", never)

    status, body, reasons = await readyz(world)

    assert (status, reasons) == (503, {"database": "failed"})
    assert "did not answer within 0.01 seconds" in body["reasons"][0]["message"]


@pytest.mark.parametrize(
    ("version", "fix"),
    [
        ("0907", "version that the others have"),
        ("0001", "Stop all processes on this database, start one"),
        (MOVED, "new database"),
        (PARTLY, "new database"),
    ],
)
async def test_a_schema_that_another_process_has_changed_is_told(world: World, version: str, fix: str) -> None:
    def change(tx: Tx) -> None:
        stands = text("UPDATE trinity_channels_alembic_version SET version_num = :version RETURNING version_num")
        tx.query(stands.bindparams(version=version))

    await world.host.store.write(change)

    status, body, reasons = await readyz(world)

    assert (status, reasons) == (503, {"schema": "failed"})
    assert fix in body["reasons"][0]["fix"]


@pytest.mark.parametrize(("seconds", "status"), [(0.0, 200), (9.0, 200), (11.0, 503)])
async def test_a_process_that_hears_nothing_of_others_is_not_ready_after_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch, seconds: float, status: int
) -> None:
    monkeypatch.setattr(type(world.host.store), "shared", True)
    monkeypatch.setattr(type(world.host.store), "unheard", seconds)

    assert (await readyz(world))[0] == status


async def test_a_process_whose_work_others_have_taken_over_is_not_ready(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(world.host.dispatcher), "heard", False)

    assert (await readyz(world))[0::2] == (503, {"dispatcher": "failed"})


async def test_a_host_without_channels_is_not_ready(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(world.host.plugins), "__iter__", lambda _: iter(()))

    assert (await readyz(world))[2] == {"plugins": "failed"}


async def test_strangers_see_no_reason(world: World) -> None:
    await world.host.wind_down()

    answer: httpx.Response = await world.http.get("https://chat.example.org/readyz")

    assert (answer.status_code, answer.json()) == (503, {"status": "not ready"})
