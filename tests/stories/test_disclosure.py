"""People are told that an AI agent answers: with the first answer, and again after a day of silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.world import HUMAN, START, Agent, Found, Person, World
from trinity_channels import texts
from trinity_channels.access.disclosure import due
from trinity_channels.agents.port import AgentFailed, AgentUnavailable
from trinity_channels.api import Failure, FailureKind, Receipt, SendRejected, SendUnknown

PATH = "/api/agents/support/disclosure"
TOLD = f"{texts.DISCLOSURE} {texts.HUMAN_BY_EMAIL.format(contact=HUMAN)}"
ZOE = "zoe@example.org"


@pytest.fixture
def zoe(honest: World) -> Person:
    return honest.person("Zoe")


# --- when ---


async def test_the_first_answer_begins_with_it_and_the_next_does_not(zoe: Person) -> None:
    await zoe.says("hello")
    await zoe.says("and again")

    assert zoe.heard() == [f"{TOLD}\n\necho hello", "echo and again"]


async def test_each_new_person_is_told(honest: World, zoe: Person) -> None:
    await zoe.says("hello")
    yan = honest.person("Yan")

    await yan.says("hello")

    assert yan.heard() == [f"{TOLD}\n\necho hello"]


@pytest.mark.parametrize(("hours", "again"), [(23.9, False), (24.1, True), (24 * 30, True)])
async def test_it_is_said_again_after_a_day_of_silence(honest: World, zoe: Person, hours: float, again: bool) -> None:
    await zoe.says("hello")
    await honest.later(hours=hours)

    await zoe.says("back")

    assert zoe.last() == (f"{TOLD}\n\necho back" if again else "echo back")


async def test_a_conversation_that_goes_on_for_days_is_not_told_again(honest: World, zoe: Person) -> None:
    await zoe.says("hello")
    for _ in range(5):
        await honest.later(hours=20)
        await zoe.says("still here")

    assert zoe.heard()[1:] == ["echo still here"] * 5


async def test_the_silence_is_a_setting(found: Found) -> None:
    honest = await found(discloses=True, trinity_channels_disclose_after_hours=1)
    await honest.policy("open")
    zoe = honest.person("Zoe")
    await zoe.says("hello")
    await honest.later(hours=1)

    await zoe.says("back")

    assert zoe.last().startswith(TOLD)


async def test_a_restart_does_not_forget_who_was_told(honest: World, zoe: Person) -> None:
    await zoe.says("hello")
    await honest.dies()
    await honest.starts()

    await zoe.says("and again")

    assert zoe.last() == "echo and again"


async def test_a_turn_that_is_tried_again_begins_with_it_once(honest: World, agent: Agent, zoe: Person) -> None:
    agent.will_answer(AgentUnavailable("busy"), AgentUnavailable("busy"))
    await zoe.says("hello")
    await honest.much_later()

    assert zoe.heard() == [f"{TOLD}\n\necho hello"]


async def test_it_is_said_with_the_answer_to_kept_messages(found: Found) -> None:
    honest = await found(discloses=True)
    await honest.shares(ZOE)
    zoe = honest.person("Zoe")
    await zoe.says("hello")
    assert zoe.last() == texts.LOGIN_PROMPT, "what the host itself says is not an answer of the agent"

    await zoe.verifies(ZOE)

    assert zoe.last() == f"{TOLD}\n\necho hello"


async def test_a_person_who_was_erased_and_comes_back_is_told(honest: World, zoe: Person) -> None:
    await zoe.says("hello")
    await honest.api("DELETE", f"/api/agents/support/clients/{(await honest.client(zoe))['id']}")

    await zoe.says("hello")

    assert zoe.last().startswith(TOLD)


@pytest.mark.parametrize(
    ("disclosed", "spoken", "at", "expected"),
    [
        (None, None, 0, True),
        (None, -1, 0, True),
        (0, 0, 23, False),
        (0, 0, 24, True),
        (0, 20, 30, False),
        (0, 20, 44, True),
        (20, 0, 30, False),
        (0, None, 24, True),
        (0, 0, -1, False),
    ],
)
def test_when_it_is_due(disclosed: int | None, spoken: int | None, at: int, expected: bool) -> None:
    def hour(number: int | None) -> Any:
        return None if number is None else START + timedelta(hours=number)

    assert due(hour(disclosed), hour(spoken), hour(at), timedelta(hours=24)) is expected


# --- how ---


async def test_it_costs_no_message_of_its_own(honest: World, agent: Agent, zoe: Person) -> None:
    agent.will_answer("word " * 300)

    await zoe.says("hello")
    await honest.much_later()

    (heard,) = zoe.heard()
    assert heard.startswith(TOLD)


async def test_of_a_long_answer_only_the_first_part_begins_with_it(honest: World, agent: Agent, zoe: Person) -> None:
    agent.will_answer("word " * 1000)

    await zoe.says("hello")
    await honest.much_later()

    assert [TOLD in part for part in zoe.heard()] == [True, False, False, False]


async def test_without_an_escalation_contact_it_is_one_sentence(honest: World) -> None:
    await honest.api("DELETE", "/api/agents/support/whatsapp")
    await honest.connect("sales")
    await honest.policy("open", agent="sales")
    zoe = honest.person("Zoe")

    await zoe.says("hello")

    assert zoe.heard() == [f"{texts.DISCLOSURE}\n\necho hello"]


async def test_a_late_first_answer_begins_with_both(honest: World, agent: Agent, zoe: Person) -> None:
    agent.thinks()
    await zoe.phone.says("hello")
    await agent.asked(1)
    honest.clock.tick(timedelta(hours=2))
    agent.speaks()
    await honest.settle()

    assert zoe.heard() == [f"{TOLD}\nThis answers the message of 2 March, 09:00 UTC: “hello”\n\necho hello"]


async def test_the_agent_is_told_that_it_is_said(agent: Agent, zoe: Person) -> None:
    await zoe.says("hello")
    await zoe.says("and again")

    assert [turn.disclosure for turn in agent.turns] == [TOLD, ""]


async def test_the_agent_does_not_take_it_for_its_own_words(agent: Agent, zoe: Person) -> None:
    await zoe.says("hello")
    await zoe.says("and again")

    assert [one.text for one in agent.turns[-1].history] == ["hello", "echo hello"]


# --- what does not count as said ---


@pytest.mark.parametrize("nothing", ["", "[NO_REPLY]", "\u200b"])
async def test_an_answer_of_nothing(agent: Agent, zoe: Person, nothing: str) -> None:
    agent.will_answer(nothing)

    await zoe.says("hello")
    await zoe.says("and again")

    assert zoe.heard() == [f"{TOLD}\n\necho and again"]


async def test_an_apology(agent: Agent, zoe: Person) -> None:
    agent.will_answer(AgentFailed("out of order"))

    await zoe.says("hello")
    await zoe.says("and again")

    assert zoe.heard() == [texts.APOLOGY, f"{TOLD}\n\necho and again"]


async def test_what_the_host_answers_to_commands(zoe: Person) -> None:
    await zoe.says("/whoami")
    await zoe.says("/help")
    await zoe.says("hello")

    assert [TOLD in text for text in zoe.heard()] == [False, False, True]


async def test_an_answer_that_was_refused(honest: World, zoe: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuses(*_: object) -> Receipt:
        raise SendRejected(Failure("63033", FailureKind.PERMANENT, "Refused."))

    with monkeypatch.context() as patch:
        patch.setattr(honest.host.plugins["whatsapp"], "send", refuses)
        await zoe.says("hello")
    assert zoe.heard() == []

    await zoe.says("and again")
    await zoe.says("and once more")

    assert zoe.heard() == [f"{TOLD}\n\necho and again", "echo and once more"]


async def test_an_answer_that_the_provider_took_and_could_not_deliver(zoe: Person) -> None:
    zoe.phone.refuse_with = 63024
    await zoe.says("hello")
    assert zoe.heard() == []
    zoe.phone.refuse_with = None

    await zoe.says("and again")

    assert zoe.last() == f"{TOLD}\n\necho and again"


async def test_an_answer_that_may_not_have_arrived(honest: World, zoe: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cut_off(*_: object) -> Receipt:
        raise SendUnknown("The connection broke.")

    plugin = honest.host.plugins["whatsapp"]
    capabilities = replace(plugin.manifest.capabilities, find_sent=0)
    with monkeypatch.context() as patch:
        patch.setattr(plugin, "send", cut_off)
        patch.setattr(plugin, "manifest", replace(plugin.manifest, capabilities=capabilities))
        await zoe.says("hello")

    await zoe.says("and again")

    assert zoe.heard() == [f"{TOLD}\n\necho and again"]


async def test_a_later_part_that_failed_takes_nothing_back(
    honest: World, agent: Agent, zoe: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = honest.host.plugins["whatsapp"]
    send, sent = plugin.send, []

    async def refuses_the_second(binding: Any, message: Any, context: Any) -> Receipt:
        sent.append(message)
        if len(sent) > 1:
            raise SendRejected(Failure("63033", FailureKind.PERMANENT, "Refused."))
        return await send(binding, message, context)

    agent.will_answer("word " * 600)
    with monkeypatch.context() as patch:
        patch.setattr(plugin, "send", refuses_the_second)
        await zoe.says("hello")
        await honest.much_later()
    assert [TOLD in text for text in zoe.heard()] == [True]

    await zoe.says("and again")

    assert zoe.last() == "echo and again"


# --- an agent that writes first ---


async def writes_first(world: World, text: str = "Your report is ready.") -> None:
    """The agent sends a message on its own."""
    body = {"recipient_email": ZOE, "text": text, "channel": "whatsapp"}
    answer = await world.api("POST", "/api/agents/support/messages", body)
    assert answer.status_code == 200, answer.text
    await world.settle()


@pytest.fixture
async def known(honest: World, zoe: Person) -> Person:
    """A person who may be written to and has had no answer yet."""
    await honest.shares(ZOE, proactive=True)
    await zoe.verifies(ZOE)
    return zoe


async def test_a_first_message_of_the_agent_begins_with_it(honest: World, known: Person) -> None:
    await writes_first(honest)
    assert known.last() == f"{TOLD}\n\nYour report is ready."

    await writes_first(honest, "And another one.")
    assert known.last() == "And another one."
    await known.says("thanks")
    assert known.last() == "echo thanks"


async def test_so_does_one_after_a_day_of_silence(found: Found, agent: Agent) -> None:
    honest = await found(agents=agent, discloses=True, trinity_channels_disclose_after_hours=12)
    await honest.shares(ZOE, proactive=True)
    zoe = honest.person("Zoe")
    await zoe.verifies(ZOE)
    await zoe.says("hello")
    await honest.later(hours=13)

    await writes_first(honest)

    assert zoe.last() == f"{TOLD}\n\nYour report is ready."


async def test_but_not_one_into_a_conversation_that_is_going_on(honest: World, known: Person) -> None:
    await known.says("hello")
    await honest.later(hours=2)

    await writes_first(honest)

    assert known.last() == "Your report is ready."
