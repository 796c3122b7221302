"""The first attempt at a turn is on record before the agent is called, and only if it is called at once."""

from __future__ import annotations

import asyncio

import pytest

from tests.stalled import Stalled
from tests.world import Agent, Found, Person, World, said
from trinity_channels import texts
from trinity_channels.inbound.agent_call import AgentCall
from trinity_channels.store import StoreError, conversation_state
from trinity_channels.store.conversation_state import ConversationState

ZOE, YAN = "zoe@example.org", "yan@example.org"


class Busy:
    """An agent with one slot, in which it thinks about Zoe's first message; Yan's waits for the slot."""

    def __init__(self, town: World, agent: Agent) -> None:
        self.town = town
        self.agent = agent
        self.zoe, self.yan = town.person("Zoe"), town.person("Yan")

    async def begins(self, policy: str = "open") -> None:
        await self.town.policy(policy)
        for person, email in ((self.zoe, ZOE), (self.yan, YAN)):
            await self.town.shares(email)
            await person.verifies(email)
        self.agent.thinks()
        await self.zoe.phone.says("first")
        await self.agent.asked(1)
        await self.yan.phone.says("second")
        await self.waits()

    async def waits(self) -> None:
        """Until someone waits for the slot."""
        await self.town.until(lambda: self.town.driver.counts().turns_waiting > 0)

    async def states(self) -> list[ConversationState | None]:
        """Both conversations."""
        return await self.town.host.store.read(lambda tx: [conversation_state.load(tx, one) for one in (1, 2)])

    async def ends(self) -> list[str]:
        """The agent answers; what it was given."""
        self.agent.speaks()
        await self.town.settle()
        return [said(turn) for turn in self.agent.turns]


@pytest.fixture
async def busy(found: Found, agent: Agent) -> Busy:
    return Busy(await found(agents=agent, trinity_channels_max_concurrent_turns=1), agent)


async def test_what_comes_while_a_turn_waits_for_its_slot_is_the_next_turn(busy: Busy) -> None:
    await busy.begins()
    await busy.yan.phone.says("third")
    await busy.yan.phone.says("/whoami")

    assert await busy.ends() == ["first", "second", "third"]
    assert busy.yan.heard()[-3:-1] == ["echo second", "echo third"]
    assert YAN in busy.yan.last()


async def test_a_person_whose_share_ends_while_they_wait_does_not_reach_the_agent(busy: Busy) -> None:
    await busy.begins("require_sharing")

    answer = await busy.town.api("DELETE", f"/api/agents/support/share/{YAN}")
    assert answer.is_success

    assert await busy.ends() == ["first"]
    assert busy.yan.last() == texts.PENDING


async def test_a_policy_that_is_tightened_while_they_wait_counts(busy: Busy) -> None:
    await busy.begins("require_email")
    await busy.town.api("DELETE", f"/api/agents/support/share/{YAN}")

    await busy.town.api("PUT", "/api/agents/support/access-policy", {"policy": "require_sharing"})

    assert await busy.ends() == ["first"]
    assert busy.yan.last() == texts.PENDING


async def test_a_channel_that_is_disconnected_while_they_wait_is_not_answered(busy: Busy) -> None:
    await busy.begins()

    answer = await busy.town.api("DELETE", "/api/agents/support/whatsapp")
    assert answer.is_success

    assert await busy.ends() == ["first"]


async def test_a_question_that_is_a_day_old_when_its_slot_comes_is_left_to_the_owner(busy: Busy) -> None:
    await busy.begins()
    busy.town.clock.tick(25 * 3600)

    assert await busy.ends() == ["first"]
    assert [one.reason.split(";")[0] for one in await busy.town.failed()] == [
        "the question waited for more than 24 hours"
    ] * 2


async def test_waiting_for_a_slot_uses_up_no_attempt(busy: Busy) -> None:
    await busy.begins()
    for asked in (2, 3):
        await busy.town.dies()
        busy.town.build()
        await busy.town.host.start()
        await busy.agent.asked(asked)
        await busy.waits()

        open_turns = [state.turn for state in await busy.states() if state and state.turn]
        assert sum(turn.attempts for turn in open_turns) == len(busy.agent.turns)
    await busy.town.dies()  # or its stop would give the agent ten real seconds to end


async def test_a_host_that_stops_begins_no_run_that_waited_for_a_slot(busy: Busy) -> None:
    await busy.begins()

    stopping = asyncio.create_task(busy.town.stops())
    await busy.town.until(lambda: busy.town.driver.counts().turns_waiting == 0)
    busy.agent.speaks()
    await stopping

    assert [said(turn) for turn in busy.agent.turns] == ["first"]
    await busy.town.starts()
    assert [said(turn) for turn in busy.agent.turns] == ["first", "second"]
    assert (busy.zoe.last(), busy.yan.last()) == ("echo first", "echo second")


async def test_an_attempt_on_record_that_the_agent_never_saw_is_made_after_a_crash(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: object) -> str:
        raise StoreError("as if the process were gone")

    zoe = town.person("Zoe")
    with monkeypatch.context() as patched:
        patched.setattr(AgentCall, "answer", dies)
        await zoe.says("hello")
        await town.dies()
    assert agent.turns == []

    await town.starts()

    assert zoe.heard() == ["echo hello"]


async def test_attempts_that_never_reached_the_agent_count_when_the_process_dies(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: object) -> str:
        raise StoreError("as if the process were gone")

    zoe = town.person("Zoe")
    monkeypatch.setattr(AgentCall, "answer", dies)
    await zoe.says("hello")
    for _ in range(3):
        await town.dies()
        await town.starts()

    assert agent.turns == []
    assert zoe.heard() == [texts.APOLOGY]
    assert [(one.attempts, one.reason) for one in await town.failed()] == [(3, "the process died in every attempt")]


async def stopped_while_a_turn_begins(town: World, zoe: Person, written: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("trinity_channels.host.GRACE", 0.2)
        disk = Stalled(patched, "Steps.", "Attempts.begin", late=written == "after the stop")
        if zoe.phone.bubbles:
            await town.host.start()
        else:
            await zoe.phone.says("hello")
        await disk.begins()
        await town.stops()
    town.build()


@pytest.mark.parametrize("written", ["before the stop", "after the stop"])
async def test_a_shutdown_in_the_moment_when_a_turn_begins_counts_as_no_attempt(town: World, written: str) -> None:
    zoe = town.person("Zoe")
    for _ in range(4):
        await stopped_while_a_turn_begins(town, zoe, written)

    await town.host.start()
    await town.settle()

    assert zoe.heard() == ["echo hello"]
