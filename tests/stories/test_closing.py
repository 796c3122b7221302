"""The gate closes on someone who was inside: a share is revoked, the owner blocks them, also while an agent works."""

from __future__ import annotations

import pytest

from tests.world import Agent, Found, World
from trinity_channels import texts
from trinity_channels.agents.port import AgentFailed, AgentTimeout, AgentUnavailable
from trinity_channels.api import Fault


async def test_a_revoked_share_closes_the_gate(world: World) -> None:
    zoe = world.person("Zoe")
    await world.shares("zoe@example.org")
    await zoe.verifies("zoe@example.org")

    await world.api("DELETE", "/api/agents/support/share/zoe@example.org")
    await zoe.says("still there?")

    assert zoe.last() == texts.PENDING


async def test_a_blocked_person_hears_nothing_at_all(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await world.blocks(zoe)
    before = len(zoe.heard())

    await zoe.says("hello?", "/whoami", "/login zoe@example.org", "STOP", "help")
    await world.decides("zoe@example.org")

    assert zoe.heard()[before:] == []
    assert len(world.mails.to("zoe@example.org")) == 1


async def test_who_is_blocked_while_the_agent_works_hears_no_answer(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.thinks()
    await zoe.phone.says("hello")
    await agent.asked(1)
    path = f"/api/agents/support/clients/{(await town.client(zoe))['id']}/block"
    await town.api("PUT", path, {"blocked": True})

    agent.speaks()
    await town.settle()

    assert zoe.heard() == []


@pytest.mark.parametrize("error", [AgentFailed("no"), AgentTimeout("slow")])
async def test_who_is_blocked_hears_no_apology_and_a_resubmitted_turn_is_dropped(
    town: World, agent: Agent, error: Exception
) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(error)
    await zoe.says("hello")
    await town.blocks(zoe)

    await town.resubmits((await town.failed())[0].id)

    assert zoe.heard() == [texts.APOLOGY]
    assert (len(agent.turns), await town.failed()) == (1, [])


async def test_a_share_that_is_revoked_while_the_agent_is_away_counts(found: Found, agent: Agent) -> None:
    world = await found(agents=agent)
    zoe = world.person("Zoe")
    await world.shares("zoe@example.org")
    await zoe.verifies("zoe@example.org")
    agent.will_answer(AgentUnavailable("not now"))
    await zoe.says("one")
    await world.api("DELETE", "/api/agents/support/share/zoe@example.org")

    await world.much_later()

    assert len(agent.turns) == 1
    assert zoe.last() == texts.PENDING
    await world.decides("zoe@example.org")
    assert zoe.heard()[-2:] == [texts.APPROVED, "echo one"]


async def test_a_blocked_person_who_is_let_back_in_is_answered(world: World) -> None:
    zoe = world.person("Zoe")
    await world.policy("open")
    await zoe.says("hello")
    await world.blocks(zoe)
    await zoe.says("lost")
    await world.blocks(zoe, blocked=False)

    await zoe.says("back")

    assert zoe.heard() == ["echo hello", "echo back"]


async def test_who_is_blocked_gets_no_more_of_a_long_answer(town: World, agent: Agent) -> None:
    town.twilio.behaviour.receipts = False
    zoe = town.person("Zoe")
    agent.will_answer("lorem ipsum dolor sit amet " * 200)
    await zoe.says("tell me")
    assert len(zoe.heard()) == 1

    await town.blocks(zoe)
    await town.much_later()

    sent = (await town.api("GET", "/api/agents/support/deliveries?state=failed")).json()
    assert len(zoe.heard()) == 1
    assert len(sent) > 1
    assert {one["error_code"] for one in sent} == {"blocked"}
    assert "The owner blocked this person" in sent[-1]["error"]


async def test_who_is_blocked_does_not_get_what_the_provider_put_off(town: World) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.RATE_LIMITED)
    await zoe.says("hello")

    await town.blocks(zoe)
    await town.much_later()
    await town.blocks(zoe, blocked=False)
    await town.much_later()

    assert zoe.heard() == []


async def test_who_is_blocked_when_a_call_was_cut_is_not_written_to_again(town: World) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.CUT_BEFORE)
    await zoe.says("hello")

    await town.blocks(zoe)
    await town.much_later()

    (sent,) = (await town.api("GET", "/api/agents/support/deliveries")).json()
    assert (zoe.heard(), sent["state"], sent["error_code"]) == ([], "failed", "blocked")
