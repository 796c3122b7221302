"""The gate decides once about a message, unless what it looked at has changed by the time the agent would run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.world import Agent, Person, World, said
from trinity_channels import texts
from trinity_channels.access.directory import LocalDirectory
from trinity_channels.agents.port import AgentUnavailable
from trinity_channels.inbound.following import Following
from trinity_channels.inbound.steps import Steps

ZOE = "zoe@example.org"


class Asks:
    """Counts the questions to the directory; `meanwhile` is done once, between the next question and its answer's use."""

    def __init__(self) -> None:
        self.count = 0
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def note(self) -> None:
        self.count += 1
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            await meanwhile()


@pytest.fixture
async def zoe(town: World) -> Person:
    """Zoe, who has verified an e-mail that the agent is shared with."""
    await town.policy("require_sharing")
    await town.shares(ZOE)
    zoe = town.person("Zoe")
    await zoe.verifies(ZOE)
    return zoe


@pytest.fixture
def asks(monkeypatch: pytest.MonkeyPatch) -> Asks:
    """The questions from now on."""
    asks, may_use = Asks(), LocalDirectory.may_use

    async def noted(directory: LocalDirectory, agent: str, email: str) -> bool:
        answer = await may_use(directory, agent, email)
        await asks.note()
        return answer

    monkeypatch.setattr(LocalDirectory, "may_use", noted)
    return asks


async def test_a_message_asks_the_directory_once(zoe: Person, asks: Asks) -> None:
    await zoe.says("hello")

    assert zoe.last() == "echo hello"
    assert asks.count == 1


async def test_a_message_that_is_tried_again_asks_again(town: World, zoe: Person, agent: Agent, asks: Asks) -> None:
    agent.will_answer(AgentUnavailable("busy"))
    await zoe.says("hello")
    await town.later(seconds=2)

    assert zoe.last() == "echo hello"
    assert asks.count == 2


async def test_a_question_that_is_erased_while_the_gate_asks_is_not_tried_again(
    town: World, zoe: Person, agent: Agent, asks: Asks
) -> None:
    path = f"/api/agents/support/clients/{(await town.client(zoe))['id']}"
    agent.will_answer(AgentUnavailable("busy"))
    await zoe.says("hello")
    asks.meanwhile = lambda: town.api("DELETE", path)
    before = zoe.heard()

    await town.later(seconds=2)

    assert [said(turn) for turn in agent.turns] == ["hello"]
    assert zoe.heard() == before


async def test_a_person_who_is_blocked_while_the_gate_asks_does_not_reach_the_agent(
    town: World, zoe: Person, agent: Agent, asks: Asks
) -> None:
    path = f"/api/agents/support/clients/{(await town.client(zoe))['id']}/block"
    asks.meanwhile = lambda: town.api("PUT", path, {"blocked": True})
    before = zoe.heard()

    await zoe.says("hello")

    assert agent.turns == []
    assert zoe.heard() == before


async def test_a_policy_that_is_tightened_after_the_gate_was_asked_counts(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.policy("require_email")
    yan = town.person("Yan")
    await yan.verifies("yan@example.org")
    record = Steps.record

    async def tightened_before(steps: Steps, *arguments: Any, **options: Any) -> Following:
        monkeypatch.setattr(Steps, "record", record)
        await town.api("PUT", "/api/agents/support/access-policy", {"policy": "require_sharing"})
        return await record(steps, *arguments, **options)

    monkeypatch.setattr(Steps, "record", tightened_before)
    await yan.says("hello")

    assert agent.turns == []
    assert yan.last() == texts.PENDING


async def test_where_an_email_is_enough_the_directory_is_not_asked(town: World, asks: Asks) -> None:
    await town.policy("require_email")
    yan = town.person("Yan")
    await yan.verifies("yan@example.org")
    before = asks.count

    await yan.says("hello")

    assert yan.last() == "echo hello"
    assert asks.count == before


async def test_a_code_is_mailed_once_though_the_policy_changes_meanwhile(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was mailed cannot be taken back, so that the step is not prepared again."""
    await town.policy("require_email")
    yan = town.person("Yan")
    record = Steps.record

    async def changed_before(steps: Steps, *arguments: Any, **options: Any) -> Following:
        monkeypatch.setattr(Steps, "record", record)
        await town.api("PUT", "/api/agents/support/access-policy", {"policy": "require_sharing"})
        return await record(steps, *arguments, **options)

    monkeypatch.setattr(Steps, "record", changed_before)
    await yan.says("/login yan@example.org")

    assert [mail.to for mail in town.mails.mails] == ["yan@example.org"]
    assert len(yan.heard()) == 1
