"""The surrounding application has instructions, a model and allowed tools for an agent's conversations with people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.application import Accounts, Town
from tests.world import Agent
from trinity_channels.agents.instructed import Instructions
from trinity_channels.principal import Owner


class Settings:
    """The application's own settings of agents."""

    def __init__(self) -> None:
        self.now: Instructions | Exception = Instructions("Be brief.", "haiku", ("WebSearch",))

    async def instructions(self, agent: str) -> Instructions:
        assert agent == "support"
        if isinstance(self.now, Exception):
            raise self.now
        return self.now


@pytest.fixture
def agent() -> Agent:
    return Agent()


@pytest.fixture
def given() -> Settings:
    return Settings()


@pytest.fixture
async def town(tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent, given: Settings) -> AsyncIterator[Town]:
    accounts = Accounts({"support": Owner("7")})
    async with Town(tmp_path, clock, accounts, agents=agent, ports={"instructions": given}) as town:
        await town.connect()
        await town.policy("open")
        await town.api("PUT", "/api/agents/support/public-prompt", {"public_channel_system_prompt": "Stored here."})
        yield town


@pytest.mark.parametrize(
    ("found", "prompt", "model", "tools"),
    [
        (Instructions("Be brief.", "haiku", ("WebSearch",)), "Be brief.", "haiku", ("WebSearch",)),
        (Instructions(), "Stored here.", "", None),
        (Instructions(model="opus", allowed_tools=()), "Stored here.", "opus", ()),
    ],
)
async def test_each_turn_has_what_counts_now(
    town: Town,
    agent: Agent,
    given: Settings,
    found: Instructions,
    prompt: str,
    model: str,
    tools: tuple[str, ...] | None,
) -> None:
    given.now = found

    await town.person("Zoe").says("hello")

    turn = agent.turns[-1]
    assert (turn.public_prompt, turn.model, turn.allowed_tools) == (prompt, model, tools)


async def test_no_agent_runs_without_them(town: Town, agent: Agent, given: Settings) -> None:
    given.now = RuntimeError("the application's database is locked")
    zoe = town.person("Zoe")
    await zoe.says("hello")
    assert agent.turns == []

    given.now = Instructions("Be brief.")
    await town.later(minutes=1)

    assert zoe.last() == "echo hello"
