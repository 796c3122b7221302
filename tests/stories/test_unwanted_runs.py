"""A run on the platform whose answer no one may have any more is ended there, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from tests.platform.double import Platform
from tests.platform.executions import Execution, Plan
from tests.platform.worlds import platform, runs, town, waits
from tests.world import Person, World
from trinity_channels.store import Tx, agent_names, turns

__all__ = ["platform", "town"]
AWAY: list[Response | Exception] = [
    Response("404 page not found", 404),  # of a proxy
    JSONResponse({"detail": "Could not validate credentials"}, 401),
    httpx.ReadTimeout("slow"),
]


async def blocked(town: World, zoe: Person) -> None:
    await town.blocks(zoe)


async def shut_out(town: World, _: Person) -> None:
    await town.policy("require_email")


async def disconnected(town: World, _: Person) -> None:
    await town.api("DELETE", "/api/agents/support/whatsapp")


async def erased(town: World, zoe: Person) -> None:
    await town.api("DELETE", f"/api/agents/support/clients/{(await town.client(zoe))['id']}")


async def deleted(town: World, _: Person) -> None:
    await town.host.agent_deleted("support")


Ends = Callable[[World, Person], Awaitable[None]]
ALL = pytest.mark.parametrize("ends", [blocked, shut_out, disconnected, erased, deleted])


async def runs_on(town: World, platform: Platform) -> tuple[Person, Execution]:
    """Someone has asked, and the agent works for ten minutes."""
    runs(platform, Plan(seconds=600))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    await town.later(seconds=2)
    (run,) = platform.executions
    assert not run.terminated
    return zoe, run


def terminations(platform: Platform) -> int:
    return sum(one.endswith("/terminate") for one in platform.calls)


@ALL
async def test_it_is_ended_after_the_platform_was_away_and_the_process_died(
    town: World, platform: Platform, ends: Ends
) -> None:
    zoe, run = await runs_on(town, platform)
    platform.fails("terminate", *AWAY)

    await ends(town, zoe)
    await town.later(seconds=31)  # the first attempt, at the latest with the next look at the run
    assert not run.terminated
    await town.dies()
    await town.starts()
    await waits(town, 120)

    assert run.terminated
    assert "echo hello" not in zoe.heard()
    calls = terminations(platform)
    await waits(town, 60)
    assert terminations(platform) == calls, "it is ended once"


@ALL
async def test_it_is_ended_if_the_process_dies_right_after_the_decision(
    town: World, platform: Platform, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe, run = await runs_on(town, platform)

    async def never() -> None:
        """Do nothing: the process dies before its turn comes."""

    monkeypatch.setattr(town.host.housekeeping.chores["unwanted runs"], "run", never)
    await ends(town, zoe)
    await town.later(seconds=31)
    assert terminations(platform) == 0
    await town.dies()
    await town.starts()
    await waits(town, 30)

    assert run.terminated


async def test_a_question_that_is_given_up_ends_its_run(town: World, platform: Platform) -> None:
    runs(platform, Plan(seconds=None))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    await town.later(hours=25)  # too late for an answer, but the owner could still ask for it
    (parked,) = await town.failed()
    (run,) = platform.executions
    await waits(town, 60)
    assert not run.terminated

    await town.api("DELETE", f"/api/agents/support/failed-turns/{parked.id}")
    await waits(town, 30)

    assert run.terminated


async def test_an_agent_that_is_renamed_meanwhile_is_asked_under_its_new_name(town: World, platform: Platform) -> None:
    zoe, run = await runs_on(town, platform)
    platform.fails("terminate", *AWAY)
    await town.blocks(zoe)
    await town.later(seconds=31)
    await town.api("POST", "/api/settings/agent-deleted", {"agent": "helpdesk"})

    platform.accounts.rename("support", "helpdesk")
    run.agent = "helpdesk"
    await town.host.agent_renamed("support", "helpdesk")
    town.host.agents.replace({"helpdesk": town.host.agents.every()["support"]})
    await waits(town, 120)

    assert run.terminated


async def test_attempts_get_fewer_and_end_after_a_day(
    town: World, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    zoe, run = await runs_on(town, platform)
    platform.fails("terminate", *AWAY[1:2] * 1000)
    await town.blocks(zoe)

    await waits(town, 3600, step=30)
    hour = terminations(platform)
    for _ in range(3 * 24):
        await town.later(minutes=20)
    day = terminations(platform)
    await waits(town, 3600, step=600)

    assert 5 <= hour <= 12
    assert day - hour <= 26
    assert terminations(platform) == day
    assert not run.terminated
    assert "run not ended" in caplog.text


@pytest.mark.parametrize("status", [404, 409])
async def test_a_run_that_is_over_there_is_not_asked_for_again(town: World, platform: Platform, status: int) -> None:
    zoe, _ = await runs_on(town, platform)
    platform.fails("terminate", JSONResponse({"detail": "It is over"}, status))

    await town.blocks(zoe)
    await waits(town, 120)

    assert terminations(platform) == 1


async def test_a_run_that_begins_after_its_turn_has_ended_is_ended(
    town: World, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs(platform, Plan(seconds=600))
    follow = turns.follow

    def ended_before(tx: object, turn: int, *rest: object, **more: object) -> bool:
        turns.fail(tx, turn, "a test", town.now())  # type: ignore[arg-type]
        return follow(tx, turn, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(turns, "follow", ended_before)
    await town.person("Zoe").says("hello")
    await waits(town, 30)

    (run,) = platform.executions
    assert run.terminated


@pytest.mark.parametrize("moment", ["before it is noted", "after it is noted"])
async def test_a_run_that_begins_while_its_agent_is_deleted_is_ended(
    town: World, platform: Platform, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    runs(platform, Plan(seconds=600))
    follow = turns.follow

    def deleted_meanwhile(tx: Tx, *rest: object, **more: object) -> bool:
        if moment == "before it is noted":
            agent_names.delete_all(tx, "support", town.now())
        followed = follow(tx, *rest, **more)  # type: ignore[arg-type]
        if moment == "after it is noted":
            agent_names.delete_all(tx, "support", town.now())
        return followed

    monkeypatch.setattr(turns, "follow", deleted_meanwhile)
    await town.person("Zoe").says("hello")
    await waits(town, 120)

    (run,) = platform.executions
    assert run.terminated
    assert terminations(platform) == 1


async def test_runs_that_were_answered_are_left_alone(town: World, platform: Platform) -> None:
    zoe = town.person("Zoe")
    for text in ("one", "two"):
        await zoe.says(text)
        await waits(town, 5)
    await erased(town, zoe)
    await disconnected(town, zoe)
    await waits(town, 60)

    assert zoe.heard() == ["echo one", "echo two"]
    assert terminations(platform) == 0
