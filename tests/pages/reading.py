"""Finds conversations for the tests of their pages, and has something fail in one."""

from __future__ import annotations

from tests.world import Agent, Person, World
from trinity_channels.agents.port import AgentFailed

LIST = "/api/agents/support/conversations"


async def conversation(world: World, name: str) -> int:
    """The id of someone's conversation."""
    found = (await world.api("GET", f"{LIST}?q={name}")).json()["conversations"]
    assert len(found) == 1, found
    return int(found[0]["id"])


async def path(world: World, name: str) -> str:
    """Where the page of someone's conversation is."""
    return f"/agents/support/conversations/{await conversation(world, name)}"


async def unanswered(world: World, agent: Agent, why: str = "The model is gone", *questions: str) -> Person:
    """A person whose question has no answer."""
    zoe = world.person("Zoe")
    agent.will_answer(AgentFailed(why))
    await zoe.says(*(questions or ("what is 6 x 7?",)))
    return zoe
