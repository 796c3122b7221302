"""A slow agent, and a busy person, hold up no one else."""

from __future__ import annotations

import asyncio

import pytest

from tests.world import Agent, Found, Person, World, said
from trinity_channels.agents.port import AgentTurn

PEOPLE = 200
"""Who write to the agent that hangs."""


class OneHangs(Agent):
    """`support` thinks while `sales` answers at once."""

    async def run(self, turn: AgentTurn) -> str:
        return await super().run(turn) if turn.agent == "support" else f"echo {said(turn)}"


async def writes_to_sales(world: World, name: str) -> Person:
    """A person who writes to the agent `sales`, which is connected for that."""
    account = world.twilio.add_account("Sales")
    sender = world.twilio.add_sender("+16285550111", account=account)
    answer = await world.connect("sales", **world.twilio.settings(sender=sender))
    world.twilio.connect(answer.json()["webhook_url"], sender=sender)
    world.twilio.connect(await world.webhook(), sender=world.twilio.sender)
    await world.policy("open", "sales")
    return world.person(name, sender=sender)


async def answered_within(world: World, person: Person) -> float:
    """Seconds until a person has an answer, by the event loop's clock: the other ones stand still in a story."""
    clock = asyncio.get_running_loop()
    began = clock.time()
    await person.phone.says("hello")
    await world.until(lambda: person.heard() == ["echo hello"])
    return clock.time() - began


@pytest.mark.long
async def test_an_agent_that_hangs_with_200_people_holds_up_no_other_agent(found: Found) -> None:
    hanging = OneHangs()
    world = await found(agents=hanging)
    await world.policy("open")
    zoe = await writes_to_sales(world, "Zoe")
    hanging.thinks()
    crowd = [world.person(f"Person {number}") for number in range(PEOPLE)]
    for one in crowd:
        await one.phone.says("hello")
    await hanging.asked(33)

    assert await answered_within(world, zoe) < 1

    assert len(hanging.turns) == 33
    hanging.speaks()
    for _ in range(5):  # WhatsApp takes so many a second
        await world.later(seconds=1)
    assert [one.heard() for one in crowd] == [["echo hello"]] * PEOPLE


async def waiting_for_a_slot(found: Found, agent: Agent) -> tuple[World, Person]:
    """A person whose turn waits, because another person has the only slot."""
    town = await found(agents=agent, trinity_channels_max_concurrent_turns=1)
    await town.policy("open")
    agent.thinks()
    await town.person("Zoe").phone.says("first")
    await agent.asked(1)
    mallory = town.person("Mallory")
    await mallory.phone.says("second")
    await town.until(lambda: town.driver.counts().turns_waiting > 0)
    return town, mallory


async def test_a_person_who_is_blocked_while_they_wait_for_a_slot_does_not_reach_the_agent(
    found: Found, agent: Agent
) -> None:
    town, mallory = await waiting_for_a_slot(found, agent)

    await town.api("PUT", f"/api/agents/support/clients/{(await town.client(mallory))['id']}/block", {"blocked": True})
    agent.speaks()
    await town.settle()

    assert [said(turn) for turn in agent.turns] == ["first"]
    assert mallory.heard() == []


async def test_a_person_who_is_erased_while_they_wait_for_a_slot_does_not_reach_the_agent(
    found: Found, agent: Agent
) -> None:
    town, mallory = await waiting_for_a_slot(found, agent)

    answer = await town.api("DELETE", f"/api/agents/support/clients/{(await town.client(mallory))['id']}")
    assert answer.is_success
    agent.speaks()
    await town.settle()

    assert [said(turn) for turn in agent.turns] == ["first"]
    assert await town.failed() == []
