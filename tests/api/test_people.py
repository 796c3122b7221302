"""People as the owner sees them: listed, erased, and what became of the messages to them."""

from __future__ import annotations

import pytest

from tests.world import Agent, World
from trinity_channels.agents.port import AgentFailed
from trinity_channels.api import Fault


async def clients(world: World) -> list[dict[str, object]]:
    found: list[dict[str, object]] = (await world.api("GET", "/api/agents/support/clients")).json()
    return found


async def test_an_erased_person_leaves_nothing_and_comes_back_as_somebody_new(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe", "+15557770001")
    await zoe.verifies("zoe@example.org")
    await zoe.says("my secret question")
    (before,) = await clients(town)

    answer = await town.api("DELETE", f"/api/agents/support/clients/{before['id']}")

    assert (answer.status_code, answer.json()["display_name"], answer.json()["verified_email"]) == (200, None, None)
    assert await clients(town) == []
    await zoe.says("hello again")
    (after,) = await clients(town)
    assert after["id"] != before["id"]
    assert agent.turns[-1].history == []
    await town.stops()
    stored = town.everything()
    await town.starts()
    assert "my secret question" not in stored
    assert "zoe@example.org" not in stored


async def test_what_was_still_to_be_sent_to_an_erased_person_is_not(town: World) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.RATE_LIMITED)
    await zoe.says("hello")
    (client,) = await clients(town)

    await town.api("DELETE", f"/api/agents/support/clients/{client['id']}")
    await town.much_later()

    assert zoe.heard() == []


async def test_a_failed_turn_of_an_erased_person_is_not_answered_any_more(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(AgentFailed("bad luck"))
    await zoe.says("hello")
    (parked,) = await town.failed()
    await town.api("DELETE", f"/api/agents/support/clients/{(await town.client(zoe))['id']}")

    await town.resubmits(parked.id)

    assert await town.failed() == []
    assert len(agent.turns) == 1


async def test_a_stranger_to_the_agent_cannot_be_erased(town: World) -> None:
    answer = await town.api("DELETE", "/api/agents/support/clients/4711")

    assert (answer.status_code, answer.json()["code"]) == (404, "client_not_found")


async def test_deliveries_say_what_became_of_messages(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    zoe.phone.refuse_with = 63016
    await zoe.says("hello?")

    every = (await town.api("GET", "/api/agents/support/deliveries")).json()
    failed = (await town.api("GET", "/api/agents/support/deliveries?state=failed")).json()

    assert [one["state"] for one in every] == ["failed", "read"]
    assert [one["error_code"] for one in failed] == ["63016"]
    assert "24 hours" in failed[0]["error"]
    assert "hello" not in str(every)


@pytest.mark.parametrize("receipts", [True, False])
@pytest.mark.parametrize("mishap", [Fault.RATE_LIMITED, Fault.CUT_AFTER])
async def test_a_mishap_on_the_way_is_told_only_until_the_message_has_arrived(
    town: World, mishap: Fault, receipts: bool
) -> None:
    town.twilio.behaviour.receipts = receipts
    zoe = town.person("Zoe")
    town.fails(mishap)
    await zoe.says("hello")
    (before,) = (await town.api("GET", "/api/agents/support/deliveries")).json()

    await town.much_later()

    (after,) = (await town.api("GET", "/api/agents/support/deliveries")).json()
    assert after["state"] in ("queued", "read")
    assert (after["error_code"], after["error"]) == (None, None)
    assert before["error"] or before["state"] == "read"
