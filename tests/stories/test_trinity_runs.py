"""An agent on the platform: whatever becomes of its run, the person gets exactly one answer or one apology."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.responses import Response

from tests.platform.double import Platform
from tests.platform.executions import Plan
from tests.platform.worlds import beside, platform, runs, town, waits
from tests.world import Found, Person, World
from trinity_channels import texts

__all__ = ["platform", "town"]


async def test_a_run_is_begun_and_its_answer_asked_for(town: World, platform: Platform) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    assert zoe.heard() == []

    await town.later(seconds=1)

    assert zoe.heard() == ["echo hello"]
    (asked,) = platform.asked()
    assert asked["async_mode"] is True
    assert asked["allowed_tools"] == ["WebSearch", "WebFetch"]
    assert "model" not in asked


@pytest.mark.parametrize(("minutes", "step"), [(2, 5), (20, 30), (150, 300)])
async def test_an_answer_may_take_longer_than_any_time_out(
    town: World, platform: Platform, minutes: int, step: int
) -> None:
    runs(platform, Plan(seconds=minutes * 60))
    zoe = town.person("Zoe")
    await zoe.says("hello")

    await waits(town, minutes * 60 + max(60, 2 * step), step=step)

    (heard,) = zoe.heard()
    assert heard.endswith("echo hello")
    assert len(platform.executions) == 1
    # The questions are spread out: about five for each doubling at first, later two a minute.
    assert platform.count(f"GET {next(iter(platform.executions)).id}") <= 40 + 2 * minutes


async def test_questions_get_fewer_the_longer_a_run_takes(town: World, platform: Platform) -> None:
    runs(platform, Plan(seconds=None))
    await town.person("Zoe").says("hello")
    run = next(iter(platform.executions)).id

    counts = []
    for _ in range(4):
        before = platform.count(f"GET {run}")
        await waits(town, 60, step=1)
        counts.append(platform.count(f"GET {run}") - before)

    assert counts == sorted(counts, reverse=True)
    assert 10 <= counts[0] <= 25
    assert counts[-1] <= 3


async def test_a_run_that_is_followed_takes_no_slot(found: Found, platform: Platform) -> None:
    town = await beside(found, platform)
    runs(platform, Plan(seconds=600))
    for name in ("Zoe", "Yan", "Xu"):
        await town.person(name).says("hello")

    counts = town.driver.counts()

    assert (counts.contacts_served, counts.turns_waiting, counts.conversations_waiting) == (0, 0, 3)


async def test_people_who_write_meanwhile_are_answered_in_order(town: World, platform: Platform) -> None:
    runs(platform, Plan(seconds=20), Plan())
    zoe = town.person("Zoe")
    await zoe.says("one")
    await zoe.says("two", "three")

    await waits(town, 60)

    assert zoe.heard() == ["echo one", "echo two\nthree"]


@pytest.mark.parametrize("receipts", [False, True])
@pytest.mark.parametrize("lost", [1, 3])
async def test_a_key_that_was_used_leads_to_the_run_that_it_began(
    town: World, platform: Platform, *, receipts: bool, lost: int
) -> None:
    """The answer that the run has begun is lost on its way; the turn is tried again with the same key."""
    platform.receipts = receipts
    platform.lose_answers = 1
    platform.fails("task", *[Response(status_code=502)] * (lost - 1))
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 60)

    assert zoe.heard() == ["echo hello"]
    assert len(platform.executions) == 1


async def is_seen_typing(town: World, platform: Platform, monkeypatch: pytest.MonkeyPatch, *, seconds: int) -> Person:
    """A person whose question begins a run of so many seconds, and who sees the agent typing; two have passed."""
    monkeypatch.setattr("trinity_channels.inbound.indicate.PATIENCE", 0.01)
    runs(platform, Plan(seconds=seconds))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    await town.until(lambda: len(town.twilio.typed) == 1)
    await town.later(seconds=2)
    return zoe


async def test_the_agent_is_seen_typing_as_long_as_its_run_is_young(
    town: World, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe = await is_seen_typing(town, platform, monkeypatch, seconds=10)

    # A newer message is shown as seen between two questions to the platform, too.
    await zoe.says("are you there?")
    await town.until(lambda: len(town.twilio.typed) == 2)
    assert zoe.phone.typing
    await waits(town, 30)

    assert zoe.heard() == ["echo hello", "echo are you there?"]


async def test_no_typing_is_left_when_no_answer_will_come(
    town: World, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe = await is_seen_typing(town, platform, monkeypatch, seconds=600)

    await blocked(town, zoe)
    await town.later(seconds=5)
    await zoe.says("are you there?")

    assert len(town.twilio.typed) == 1


@pytest.mark.parametrize("graceful", [False, True])
@pytest.mark.parametrize("downtime", [1, 100])
async def test_a_restart_goes_on_with_the_run(
    town: World, platform: Platform, *, downtime: int, graceful: bool
) -> None:
    runs(platform, Plan(seconds=60))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    await town.later(seconds=2)

    await (town.stops() if graceful else town.dies())
    town.clock.tick(timedelta(seconds=downtime))
    await town.starts()
    await waits(town, 120)

    assert zoe.heard() == ["echo hello"]
    assert len(platform.executions) == 1
    assert platform.count("POST /task") == 1


async def test_a_process_that_dies_before_the_run_is_on_record_finds_it_by_its_key(
    town: World, platform: Platform
) -> None:
    runs(platform, Plan(seconds=5))
    zoe = town.person("Zoe")
    # What the platform says arrives nowhere: the process ends while it waits.
    platform.lose_answers = 1
    await zoe.phone.says("hello")
    await town.until(lambda: len(platform.executions) == 1)
    await town.dies()

    await town.starts()
    await waits(town, 60)

    assert zoe.heard() == ["echo hello"]
    assert len(platform.executions) == 1


async def test_many_restarts_are_not_taken_for_a_turn_that_kills_the_host(town: World, platform: Platform) -> None:
    runs(platform, Plan(seconds=100))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    for _ in range(10):
        await town.dies()
        await town.starts()
        await town.later(seconds=5)

    await waits(town, 100)

    assert zoe.heard() == ["echo hello"]
    assert len(platform.executions) == 1


@pytest.mark.parametrize("status", ["queued", "pending_retry", "running", "a state of later versions"])
async def test_a_run_that_has_not_ended_is_waited_for(town: World, platform: Platform, status: str) -> None:
    runs(platform, Plan(seconds=90, status=status))
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 150)

    assert zoe.heard() == ["echo hello"]


async def test_a_failed_run_that_is_resubmitted_is_another_run(town: World, platform: Platform) -> None:
    runs(platform, Plan(ending="failed"), Plan())
    zoe = town.person("Zoe")
    await zoe.says("hello")
    await waits(town, 10)
    (parked,) = await town.failed()

    await town.resubmits(parked.id)
    await waits(town, 10)

    assert zoe.heard() == [texts.APOLOGY, "echo hello"]
    assert len(platform.executions) == 2


async def test_a_run_that_could_not_be_asked_for_is_still_there_when_it_is_resubmitted(
    town: World, platform: Platform
) -> None:
    runs(platform, Plan(seconds=30))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    platform.fails("execution", *[Response(status_code=401)] * 9)
    await waits(town, 400)
    assert zoe.heard() == [texts.APOLOGY]
    (parked,) = await town.failed()

    await town.resubmits(parked.id)

    assert zoe.heard() == [texts.APOLOGY, "echo hello"]
    assert len(platform.executions) == 1


async def blocked(town: World, zoe: Person) -> None:
    await town.blocks(zoe)


async def disconnected(town: World, _: Person) -> None:
    await town.api("DELETE", "/api/agents/support/whatsapp")


async def erased(town: World, zoe: Person) -> None:
    await town.api("DELETE", f"/api/agents/support/clients/{(await town.client(zoe))['id']}")


@pytest.mark.parametrize("what", [blocked, disconnected, erased])
async def test_a_run_that_no_one_may_hear_of_is_ended(
    town: World, platform: Platform, what: Callable[[World, Person], Any]
) -> None:
    runs(platform, Plan(seconds=600))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    await town.later(seconds=2)

    await what(town, zoe)
    await waits(town, 60)

    (run,) = platform.executions
    assert run.terminated
    assert zoe.heard() == []


async def test_a_run_that_cannot_be_ended_ends_by_itself(town: World, platform: Platform) -> None:
    runs(platform, Plan(seconds=600))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    platform.accounts.keys.clear()

    await blocked(town, zoe)
    await waits(town, 900, step=30)

    assert zoe.heard() == []
