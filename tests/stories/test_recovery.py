"""What is open when a host dies is finished by the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from tests.world import Agent, World
from trinity_channels import texts
from trinity_channels.agents.port import AgentUnavailable
from trinity_channels.api import Fault, MessageReceived, ProviderUnavailable, Receipt


async def test_a_turn_that_was_running_is_answered_after_a_crash(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.thinks()
    await zoe.phone.says("hello")
    await agent.asked(1)
    await town.dies()
    agent.speaks()

    await town.starts()

    assert zoe.heard() == ["echo hello"]


async def test_waiting_messages_are_answered_in_order_after_a_crash(town: World, agent: Agent) -> None:
    zoe, yan = town.person("Zoe"), town.person("Yan")
    agent.thinks()
    await zoe.phone.says("first")
    await agent.asked(1)
    await zoe.phone.says("second")
    await zoe.phone.says("third")
    await yan.phone.says("hello")
    await agent.asked(2)
    await town.dies()
    agent.speaks()

    await town.starts()

    assert zoe.heard() == ["echo first", "echo second\nthird"]
    assert yan.heard() == ["echo hello"]


async def test_a_turn_that_kills_the_host_three_times_is_parked(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.thinks()
    await zoe.phone.says("hello")
    for times in (1, 2, 3):
        await agent.asked(times)
        await town.dies()
        town.build()
        await town.host.start()
    await town.settle()

    assert zoe.heard() == [texts.APOLOGY]
    (parked,) = await town.failed()
    assert parked.attempts == 3

    agent.speaks()
    await town.resubmits(parked.id)
    assert zoe.heard() == [texts.APOLOGY, "echo hello"]


async def test_a_stop_in_good_order_is_no_death(town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trinity_channels.host.GRACE", 0.01)
    zoe = town.person("Zoe")
    agent.thinks()
    await zoe.phone.says("hello")
    for times in range(1, 6):
        await agent.asked(times)
        await town.stops()
        town.build()
        await town.host.start()
    agent.speaks()
    await town.settle()

    assert zoe.heard() == ["echo hello"]


async def test_the_retry_of_an_unavailable_agent_survives_a_restart(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(AgentUnavailable("down", retry_after=30))
    await zoe.says("hello")
    await town.dies()
    await town.starts()
    assert zoe.heard() == []

    await town.later(seconds=31)

    assert zoe.heard() == ["echo hello"]


async def test_ready_deliveries_go_out_after_a_crash(town: World) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.RATE_LIMITED)
    await zoe.says("hello")
    await town.dies()
    await town.starts()

    await town.later(seconds=5)

    assert zoe.heard() == ["echo hello"]


@pytest.mark.parametrize("receipts", [True, False])
@pytest.mark.parametrize("taken", [True, False])
async def test_a_delivery_that_was_cut_short_arrives_exactly_once(
    town: World, monkeypatch: pytest.MonkeyPatch, taken: bool, receipts: bool
) -> None:
    """The process dies in the middle of the provider's call, before or after the provider took the message."""
    town.twilio.behaviour.receipts = receipts
    zoe = town.person("Zoe")
    plugin = town.host.plugins["whatsapp"]
    send = plugin.send
    on_its_way = asyncio.Event()

    async def is_cut_short(*args: object) -> object:
        if taken:
            await send(*args)  # type: ignore[arg-type]  # handed through
        on_its_way.set()
        return await asyncio.Event().wait()

    monkeypatch.setattr(plugin, "send", is_cut_short)
    await zoe.phone.says("hello")
    await on_its_way.wait()
    await town.dies()
    await town.starts()

    await town.much_later()

    assert zoe.heard() == ["echo hello"]


async def test_an_unknown_outcome_is_asked_for_also_after_a_long_downtime(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Host and network come back at about the same time, so the first question may fail."""
    town.twilio.behaviour.receipts = False
    zoe = town.person("Zoe")
    town.fails(Fault.CUT_BEFORE)
    await zoe.says("hello")
    await town.dies()
    town.clock.tick(timedelta(hours=2))
    town.build()
    plugin = town.host.plugins["whatsapp"]
    find_sent = plugin.find_sent
    failures = deque([ProviderUnavailable("no network yet")])

    async def late(*args: Any) -> Receipt | None:
        if failures:
            raise failures.popleft()
        return await find_sent(*args)

    monkeypatch.setattr(plugin, "find_sent", late)
    await town.host.start()
    await town.much_later()

    sentence = "This was written on 2 March, 09:00 UTC and could not be sent earlier."
    assert zoe.heard() == [f"{sentence}\n\necho hello"]


async def test_a_start_with_the_wrong_key_gives_nothing_up(town: World, agent: Agent) -> None:
    zoe, yan = town.person("Zoe"), town.person("Yan")
    await zoe.says("before")
    town.fails(Fault.RATE_LIMITED)
    await yan.says("hello")
    agent.thinks()
    await zoe.phone.says("hello")
    await agent.asked(3)
    await town.dies()
    agent.speaks()
    right = town.settings
    town.settings = right.model_copy(update={"credential_encryption_key": SecretStr("11" * 32)})
    await town.starts()
    await town.much_later()
    await town.stops()

    town.settings = right
    await town.starts()
    await town.much_later()

    assert zoe.heard() == ["echo before", "echo hello"]
    assert yan.heard() == ["echo hello"]


async def test_what_was_written_while_the_host_was_down_is_answered(town: World) -> None:
    zoe, yan = town.person("Zoe"), town.person("Yan")
    await zoe.says("before")
    await town.stops()
    await zoe.phone.says("during")
    await yan.phone.says("new here")
    town.clock.tick(60)

    await town.starts()
    await town.much_later()

    assert zoe.heard() == ["echo before", "echo during"]
    assert yan.heard() == ["echo new here"]


async def test_catch_up_reaches_back_to_the_last_message_before_the_downtime(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider cannot be asked at first, and meanwhile someone else writes."""
    zoe, yan = town.person("Zoe"), town.person("Yan")
    await zoe.says("before")
    await town.stops()
    await zoe.phone.says("during")
    town.clock.tick(timedelta(hours=2))
    town.build()
    plugin = town.host.plugins["whatsapp"]
    list_missed = plugin.list_missed
    failures = deque([ProviderUnavailable("no network yet")])

    async def late(*args: Any) -> list[MessageReceived]:
        if failures:
            raise failures.popleft()
        return await list_missed(*args)

    monkeypatch.setattr(plugin, "list_missed", late)
    await town.host.start()
    await yan.says("hello")

    await town.much_later()

    assert yan.heard() == ["echo hello"]
    assert zoe.heard() == ["echo before", "This answers the message of 2 March, 09:00 UTC: “during”\n\necho during"]


async def test_a_stopped_host_acknowledges_nothing(town: World) -> None:
    await town.stops()

    await town.person("Zoe").phone.says("hello")

    answer = town.twilio.webhook_calls[-1].answer
    assert answer is not None
    assert answer.status_code == 503


async def test_nothing_is_answered_twice_by_a_restart(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    for _ in range(3):
        await town.dies()
        await town.starts()

    await town.much_later()

    assert zoe.heard() == ["echo hello"]


async def test_kept_messages_and_codes_survive_a_restart(world: World) -> None:
    zoe = world.person("Zoe")
    await world.shares("zoe@example.org")
    await zoe.says("hello", "/login zoe@example.org")
    await world.dies()
    await world.starts()

    await zoe.says(f"/login {world.code('zoe@example.org')}")

    assert zoe.last() == "echo hello"


async def test_a_gate_that_opened_just_before_a_crash_lets_them_in(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says("hello?")
    world.driver.pause()  # the process is about to die: what is committed now is never run

    await world.policy("open")
    await world.dies()
    await world.starts()

    assert zoe.last() == "echo hello?"


async def test_a_host_that_stops_ends_the_call_that_it_makes_and_begins_no_other(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.twilio.behaviour.receipts = False
    zoe, over, calls = town.person("Zoe"), asyncio.Event(), []
    plugin = town.host.plugins["whatsapp"]
    send = plugin.send

    async def hangs(*arguments: Any) -> Receipt:
        calls.append(arguments)
        await over.wait()
        return await send(*arguments)

    town.fails(Fault.RATE_LIMITED)
    await zoe.says("first")
    await zoe.says("second")
    monkeypatch.setattr(plugin, "send", hangs)
    town.clock.tick(60)
    await town.until(lambda: bool(calls))
    town.host.deliveries.stop()  # what the stop begins with, while the call is under way
    over.set()
    await town.stops()

    assert (len(calls), zoe.heard()) == (1, ["echo first"])
    await town.starts()
    assert zoe.heard() == ["echo first", "echo second"]
