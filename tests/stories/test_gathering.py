"""What arrives within a moment is one turn; a single question waits no longer than that, and a command not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.world import START, Agent, Found, World, said
from trinity_channels import texts
from trinity_channels.inbound.gather import ALBUM, LONGEST, complete_at
from trinity_channels.store.conversation_state import Message

PAUSE = timedelta(seconds=0.4)


@pytest.fixture
async def patient(found: Found, agent: Agent) -> World:
    """A town whose turns wait 0.4 seconds for more."""
    made = await found(agents=agent, trinity_channels_gather_seconds=0.4)
    await made.policy("open")
    return made


async def test_a_burst_at_an_idle_agent_is_one_turn(patient: World, agent: Agent) -> None:
    zoe = patient.person("Zoe")
    for text in ("Hi", "I have a question", "what is 6 x 7?"):
        await zoe.says(text)
        await patient.later(milliseconds=300)
    assert agent.turns == []

    await patient.later(milliseconds=100)

    assert [said(turn) for turn in agent.turns] == ["Hi\nI have a question\nwhat is 6 x 7?"]
    assert len(zoe.heard()) == 1


async def test_a_single_question_waits_that_long_and_no_longer(patient: World) -> None:
    zoe = patient.person("Zoe")
    await zoe.says("what is 6 x 7?")

    await patient.later(milliseconds=399)
    assert zoe.heard() == []

    await patient.later(milliseconds=1)
    assert zoe.heard() == ["echo what is 6 x 7?"]


@pytest.mark.parametrize("command", ["/whoami", "/logout"])
async def test_a_command_does_not_wait(patient: World, command: str) -> None:
    zoe = patient.person("Zoe")

    await zoe.says(command)

    assert zoe.heard() == [texts.NOT_LOGGED_IN]


async def test_signing_in_does_not_wait(patient: World) -> None:
    zoe = patient.person("Zoe")

    await zoe.verifies("zoe@example.org")

    assert zoe.last() == texts.VERIFIED.format(email="zoe@example.org")


async def test_what_stands_before_a_command_does_not_wait_either(patient: World) -> None:
    zoe = patient.person("Zoe")

    await zoe.says("hello")
    await zoe.says("/whoami")

    assert zoe.heard() == ["echo hello", texts.NOT_LOGGED_IN]


async def test_what_is_written_while_the_agent_works_is_gathered_into_the_next_turn(
    patient: World, agent: Agent
) -> None:
    zoe = patient.person("Zoe")
    agent.thinks()
    await zoe.phone.says("first")
    patient.clock.tick(PAUSE)
    patient.host.dispatcher.fire_due()
    await agent.asked(1)
    await zoe.phone.says("second")
    agent.speaks()
    await patient.settle()
    assert [said(turn) for turn in agent.turns] == ["first"]

    await zoe.says("third")
    await patient.later(milliseconds=400)

    assert [said(turn) for turn in agent.turns] == ["first", "second\nthird"]


async def test_what_has_waited_through_a_long_turn_waits_no_more(patient: World, agent: Agent) -> None:
    zoe = patient.person("Zoe")
    agent.thinks()
    await zoe.phone.says("first")
    patient.clock.tick(PAUSE)
    patient.host.dispatcher.fire_due()
    await agent.asked(1)
    await zoe.phone.says("second")
    patient.clock.tick(timedelta(seconds=3))
    agent.speaks()
    await patient.settle()

    assert zoe.heard() == ["echo first", "echo second"]


async def test_messages_that_keep_coming_do_not_put_a_turn_off_for_long(patient: World, agent: Agent) -> None:
    zoe = patient.person("Zoe")
    for number in range(20):
        await zoe.says(str(number))
        await patient.later(milliseconds=300)

    assert len(said(agent.turns[0]).splitlines()) == 17  # those of the first five seconds


@pytest.mark.parametrize("ends", ["dies", "stops"])
async def test_a_burst_survives_a_restart_and_waits_no_more_after_it(patient: World, agent: Agent, ends: str) -> None:
    zoe = patient.person("Zoe")
    await zoe.says("Hi", "what is 6 x 7?")
    await getattr(patient, ends)()
    patient.clock.tick(timedelta(seconds=10))

    await patient.starts()

    assert zoe.heard() == ["echo Hi\nwhat is 6 x 7?"]
    assert len(agent.turns) == 1


async def test_what_was_missed_in_an_outage_is_one_turn(patient: World, agent: Agent) -> None:
    zoe = patient.person("Zoe")
    await zoe.says("before")
    await patient.later(seconds=1)
    await patient.stops()
    for text in ("first", "second", "third"):
        await zoe.phone.says(text)
        patient.clock.tick(timedelta(minutes=5))

    await patient.starts()
    await patient.much_later()

    assert [said(turn) for turn in agent.turns] == ["before", "first\nsecond\nthird"]


async def test_a_repeated_webhook_does_not_prolong_the_wait(patient: World) -> None:
    url = await patient.webhook()
    await patient.posts(url, patient.inbound("hello"))
    await patient.later(milliseconds=300)

    await patient.posts(url, patient.inbound("hello"))
    await patient.later(milliseconds=100)

    assert patient.driver.counts().conversations_waiting == 0
    assert await patient.failed() == []


async def test_a_clock_that_is_set_back_holds_up_nothing(patient: World) -> None:
    zoe = patient.person("Zoe")
    await zoe.says("hello")

    await patient.later(hours=-3)

    assert zoe.heard() == ["echo hello"]


async def test_zero_turns_it_off(town: World) -> None:
    zoe = town.person("Zoe")

    await zoe.says("hello")

    assert zoe.heard() == ["echo hello"]


def piece(at: float, album: str | None = None) -> Message:
    """A message that arrives `at` seconds after the start."""
    when = START + timedelta(seconds=at)
    return Message(
        id=1, text="", parts=(), at=START, by_agent=False, provider_id=None, opt_out=None, album=album, contact=1,
        received_at=when, waits_since=START, name="", email=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("burst", "pause", "seconds"),
    [
        ([], 0.4, None),
        ([piece(0)], 0.4, 0.4),
        ([piece(0)], 0, None),
        ([piece(0), piece(0.3)], 0.4, 0.7),
        ([piece(0, "g")], 0.4, 1.0),
        ([piece(0, "g")], 0, 1.0),
        ([piece(0, "g"), piece(0.9, "g")], 0, 1.9),
        ([piece(0, "g"), piece(0.9)], 0, 1.0),
        ([piece(0, "g"), piece(0.9)], 0.4, 1.3),
        ([piece(0), piece(0.2, "g")], 0.4, 1.2),
        ([piece(0, "g"), piece(0.1, "h")], 0.4, 1.1),
        ([piece(0, "g")], 2, 2.0),
        ([piece(0), piece(4.9)], 0.4, LONGEST.total_seconds()),
        ([piece(0, "g"), piece(4.9, "g")], 0.4, LONGEST.total_seconds()),
    ],
)
def test_when_a_burst_is_complete(burst: Sequence[Message], pause: float, seconds: float | None) -> None:
    def due(at: datetime) -> datetime | None:
        return complete_at(burst, timedelta(seconds=pause), at)

    arrived = max((one.received_at for one in burst), default=START)
    if seconds is None:
        assert due(arrived) is None
        return
    complete = START + timedelta(seconds=seconds)
    assert due(arrived) == complete
    assert due(complete - timedelta(microseconds=1)) == complete
    assert due(complete) is None


@pytest.mark.parametrize("clock_set_back", [LONGEST, timedelta(hours=1), timedelta(days=400)])
def test_no_clock_makes_a_burst_wait_longer(clock_set_back: timedelta) -> None:
    assert complete_at([piece(0)], ALBUM, START - clock_set_back) is None


def test_when_it_was_written_does_not_matter() -> None:
    late: Any = replace(piece(0), at=START - timedelta(days=3))

    assert complete_at([late], PAUSE, START) == START + PAUSE
