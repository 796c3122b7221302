"""`GET /api/agents`: owners see their agents, administrators all of them, with a count of what needs someone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.world import OWNER, Agent, World
from trinity_channels.agents.port import AgentFailed
from trinity_channels.api import Fault
from trinity_channels.web.auth import Role


async def listed(world: World, token: str | None = None) -> dict[str, dict[str, Any]]:
    """The agents by name, as an owner or an administrator sees them."""
    answer = await (world.api("GET", "/api/agents", token=token) if token else world.api("GET", "/api/agents"))
    return {one["name"]: one for one in answer.json()}


def counts(agent: dict[str, Any]) -> tuple[int, int, int, int]:
    return agent["attention"], agent["pending_requests"], agent["parked_turns"], agent["failed_deliveries"]


async def test_each_principal_sees_what_is_theirs(world: World) -> None:
    everything = await listed(world)
    own = await listed(world, await world.token(Role.USER, OWNER))
    nothing = await listed(world, await world.token(Role.USER, "zoe@example.org"))
    key = await world.api("GET", "/api/agents", token=await world.token(Role.AGENT, "support"))
    anonymous = await world.api("GET", "/api/agents", token="")

    assert list(everything) == ["my-agent", "sales", "support"]
    assert list(own) == ["my-agent", "support"]
    assert everything["sales"]["owner"] == "sales@example.org"
    assert nothing == {}
    assert (key.status_code, key.json()["code"]) == (403, "agent_key_not_allowed")
    assert anonymous.status_code == 401


async def test_a_channel_is_shown_with_its_state_and_cause(world: World) -> None:
    (before,) = (await listed(world))["support"]["channels"]
    await world.person("Zoe").says("hello")
    (after,) = (await listed(world))["support"]["channels"]
    await world.api("PUT", "/api/settings/public_chat_url", {"value": ""})
    agent = (await listed(world))["support"]

    assert (before["channel"], before["state"]) == ("whatsapp", "waiting")
    assert before["cause"].startswith("Whether requests to the public address arrive here is not proven yet.")
    assert (after["state"], after["cause"]) == ("ok", "")
    assert agent["channels"][0]["state"] == "attention"
    assert agent["channels"][0]["cause"].startswith("public_chat_url is not set")
    assert counts(agent) == (1, 0, 0, 0)


async def test_requests_count_until_they_are_decided(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await zoe.says("hello?")

    waiting = (await listed(world))["support"]
    await world.decides("zoe@example.org")

    assert counts(waiting) == (1, 1, 0, 0)
    assert counts((await listed(world))["support"]) == (0, 0, 0, 0)


async def test_parked_turns_and_messages_that_did_not_arrive_count(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(AgentFailed("the model is gone"))
    await zoe.says("one")
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("two")
    found = (await listed(town))["support"]

    assert counts(found)[1:] == (0, 1, 1)
    assert found["attention"] == 3  # the channel as well


async def test_what_did_not_arrive_a_week_ago_no_longer_counts(town: World) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("one")
    before = (await listed(town))["support"]
    town.clock.tick(timedelta(days=7, seconds=1))

    assert counts(before)[3] == 1
    assert counts((await listed(town))["support"])[3] == 0


async def test_a_test_message_that_failed_waits_for_nobody(town: World) -> None:
    town.fails(Fault.UNAUTHORIZED)
    await town.api("POST", "/api/agents/support/whatsapp/test", {"to_number": "whatsapp:+15551234567"})

    assert counts((await listed(town))["support"])[3] == 0


async def test_an_agent_that_left_the_settings_connected_is_shown_to_administrators(world: World) -> None:
    await world.stops()
    left = dict(world.settings.agents)
    del left["support"]
    world.settings = world.settings.model_copy(update={"agents": left})
    await world.starts()

    agent = (await listed(world))["support"]
    own = await listed(world, await world.token(Role.USER, OWNER))

    assert agent["owner"] is None
    assert agent["attention"] == 1
    assert agent["channels"][0]["cause"].startswith("The agent is not configured any more")
    assert list(own) == ["my-agent"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.alone("the platform has this path, and refuses other methods itself")
async def test_the_list_is_only_read(world: World, method: str) -> None:
    assert (await world.api(method, "/api/agents")).status_code == 405
