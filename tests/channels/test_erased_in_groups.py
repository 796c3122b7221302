"""Someone is erased who has asked in a group: what they asked is not tried again, what others asked with them is."""

from __future__ import annotations

from typing import Any

from tests.channels.net import Net, Someone
from tests.world import Agent, said
from trinity_channels.agents.port import AgentUnavailable


async def member(net: Net, name: str) -> Someone:
    """A verified person, who may ask in groups."""
    person = net.stranger("telegram", name)
    await person.verifies(f"{name.lower()}@example.org")
    return person


async def erase(net: Net, name: str) -> None:
    clients = (await net.api("GET", "/api/agents/support/clients")).json()
    identity = next(one["id"] for one in clients if one["display_name"] == name)
    assert (await net.api("DELETE", f"/api/agents/support/clients/{identity}")).status_code == 200


async def test_what_they_asked_is_not_tried_again(asking: Net, agent: Agent) -> None:
    simulator: Any = asking.simulators["telegram"]
    zoe = await member(asking, "Zoe")
    group = await simulator.group("Team", zoe.phone)
    agent.will_answer(AgentUnavailable("busy", retry_after=60))
    await zoe.phone.mentions("where is it?", group)
    await asking.settle()

    await erase(asking, "Zoe")
    await asking.much_later()

    assert len(agent.turns) == 1
    assert group.heard() == []


async def test_what_others_asked_in_the_same_turn_is_answered(asking: Net, agent: Agent) -> None:
    simulator: Any = asking.simulators["telegram"]
    zoe, yan = await member(asking, "Zoe"), await member(asking, "Yan")
    group = await simulator.group("Team", zoe.phone, yan.phone)
    agent.will_answer("fine", AgentUnavailable("busy", retry_after=60))
    agent.thinks()
    await yan.phone.mentions("first", group)
    await agent.asked(1)
    await zoe.phone.mentions("the mat?", group)  # both wait for the answer, and are one turn
    await yan.phone.mentions("which door?", group)
    agent.speaks()
    await asking.settle()

    await erase(asking, "Zoe")
    await asking.much_later()

    _, both, one = (said(turn) for turn in agent.turns)
    assert ("the mat?" in both, "which door?" in both) == (True, True)
    assert ("the mat?" in one, "which door?" in one) == (False, True)
    assert len(group.heard()) == 2
