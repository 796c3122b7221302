"""What people correct, take back or block afterwards, on the messengers that tell it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net, Someone
from tests.world import Agent, said
from trinity_channels.api import Following, FollowState, Inbound, MessageChanged, Sender

TELLING = pytest.mark.parametrize("channel", ["telegram", "slack"])
ZOE = Sender("+12025550188", None, "Zoe")


@pytest.fixture
async def open_net(tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent) -> AsyncIterator[Net]:
    async with Net(tmp_path, clock, agents=agent) as made:
        await made.connect_all()
        await made.policy("open")
        yield made


def stored(net: Net) -> list[tuple[str, str]]:
    """Text and state of what people wrote."""
    statement = "SELECT text, state FROM trinity_channels_message WHERE origin = 'person' ORDER BY id"
    return [(row[0], row[1]) for row in net.rows(statement)]


async def writes(zoe: Someone, text: str) -> Any:
    """Write directly; returns the message, to be changed later."""
    if hasattr(zoe.phone, "writes_in_blocks"):
        return await zoe.phone.writes_in_blocks(text)
    return await zoe.phone.writes(text)


@TELLING
async def test_what_was_answered_is_corrected_and_not_answered_again(open_net: Net, agent: Agent, channel: str) -> None:
    zoe = open_net.stranger(channel, "Zoe")
    message = await writes(zoe, "what is 6 x 7?")
    await open_net.settle()

    await zoe.phone.edits(message, "what is 6 x 8?")
    await zoe.says("and?")

    assert [said(turn) for turn in agent.turns] == ["what is 6 x 7?", "and?"]
    assert agent.turns[1].history[0].text == "what is 6 x 8?"
    assert [text for text, _ in stored(open_net)] == ["what is 6 x 8?", "and?"]


@TELLING
async def test_a_waiting_turn_uses_the_new_words(open_net: Net, agent: Agent, channel: str) -> None:
    zoe = open_net.stranger(channel, "Zoe")
    agent.thinks()
    await writes(zoe, "first")
    await agent.asked(1)
    waiting = await writes(zoe, "secnod")

    await zoe.phone.edits(waiting, "second")
    agent.speaks()
    await open_net.settle()

    assert [said(turn) for turn in agent.turns] == ["first", "second"]


async def test_slacks_messages_can_be_taken_back_before_they_are_answered(open_net: Net, agent: Agent) -> None:
    zoe = open_net.stranger("slack", "Zoe")
    agent.thinks()
    await writes(zoe, "first")
    await agent.asked(1)
    waiting = await writes(zoe, "not this")

    simulator: Any = open_net.simulators["slack"]
    await simulator.delete(waiting)
    agent.speaks()
    await open_net.settle()

    assert [said(turn) for turn in agent.turns] == ["first"]
    assert stored(open_net) == [("first", "answered"), ("", "dropped")]


async def test_a_message_that_was_taken_back_after_its_answer_is_removed(open_net: Net, agent: Agent) -> None:
    zoe = open_net.stranger("slack", "Zoe")
    message = await writes(zoe, "my secret")
    await open_net.settle()

    simulator: Any = open_net.simulators["slack"]
    await simulator.delete(message)
    await zoe.says("hello")

    assert stored(open_net) == [("", "answered"), ("hello", "answered")]
    assert "my secret" not in [one.text for one in agent.turns[-1].history]


async def test_a_preview_that_appears_changes_nothing(open_net: Net, agent: Agent) -> None:
    zoe = open_net.stranger("slack", "Zoe")
    message = await writes(zoe, "see https://example.org")
    await open_net.settle()
    before = stored(open_net)

    await zoe.phone.sees_preview(message, "https://example.org", "Example", "A page")
    await open_net.settle()

    assert (stored(open_net), len(agent.turns)) == (before, 1)


async def test_in_a_group_the_corrected_question_is_remembered(open_net: Net, agent: Agent) -> None:
    simulator: Any = open_net.simulators["slack"]
    message = await simulator.phone("Zoe").mentions("what is 6 x 7?")
    await open_net.settle()
    assert len(agent.turns) == 1

    conversation = simulator._workspace.conversation_of(message)  # noqa: SLF001  the mention is to stay
    await simulator.edit(conversation, message, {"text": message.text.replace("7?", "8?"), "blocks": []})
    await open_net.settle()

    assert stored(open_net)[0][0] == "what is 6 x 8?"
    assert len(agent.turns) == 1


# --- rules of the host, whatever a plugin says ---


async def comes(net: Net, monkeypatch: pytest.MonkeyPatch, *events: MessageChanged | Following) -> None:
    """A webhook of WhatsApp brings these."""
    with monkeypatch.context() as patch:
        patch.setattr(net.host.plugins["whatsapp"], "receive", lambda *_: Inbound(events))
        url = (await net.api("GET", "/api/agents/support/whatsapp")).json()["webhook_url"]
        assert (await net.http.post(url, content=b"x")).status_code == httpx.codes.OK
    await net.settle()


async def provider_id(net: Net) -> str:
    [(found,)] = net.rows("SELECT provider_id FROM trinity_channels_message WHERE origin = 'person' LIMIT 1")
    return str(found)


@pytest.fixture
async def told(open_net: Net) -> Someone:
    """Zoe has written "hello" on WhatsApp."""
    zoe = Someone(open_net, "whatsapp", "Zoe", address=ZOE.address)
    await zoe.says("hello")
    return zoe


CHANGES = [
    ("the same words", {}, "hello", False),
    ("other words", {}, "hello there", True),
    ("no words", {}, "", True),
    ("nul and half a pair", {}, "a\0b\ud83d", True),
    ("someone else", {"sender": Sender("+12025550199")}, "forged", False),
    ("another message", {"provider_id": "SM0"}, "forged", False),
    ("an empty id", {"provider_id": ""}, "forged", False),
    ("another chat", {"conversation": "+12025550188/1"}, "forged", False),
]


@pytest.mark.parametrize(("fields", "text", "changes"), [one[1:] for one in CHANGES], ids=[one[0] for one in CHANGES])
async def test_only_the_writers_own_message_is_changed(
    open_net: Net,
    told: Someone,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    text: str,
    changes: bool,
) -> None:
    address = open_net.rows("SELECT value FROM trinity_channels_address")[0][0]
    event: dict[str, Any] = {"provider_id": await provider_id(open_net), "sender": Sender(address)} | fields

    await comes(open_net, monkeypatch, MessageChanged(text=text, **event))

    (found,) = stored(open_net)
    assert (found != ("hello", "answered")) is changes
    assert told.heard() == ["echo hello"]


async def test_what_was_erased_stays_so(open_net: Net, told: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
    address = open_net.rows("SELECT value FROM trinity_channels_address")[0][0]
    event = MessageChanged(await provider_id(open_net), Sender(address), None)
    await comes(open_net, monkeypatch, event)
    assert stored(open_net) == [("", "answered")]

    await comes(open_net, monkeypatch, MessageChanged(event.provider_id, event.sender, "back again"))

    assert stored(open_net) == [("", "answered")]
    assert told.heard() == ["echo hello"]


@pytest.mark.usefixtures("told")
async def test_a_code_that_was_removed_does_not_come_back(open_net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    address = open_net.rows("SELECT value FROM trinity_channels_address")[0][0]
    open_net.change("UPDATE trinity_channels_message SET text = 'my code is [code]' WHERE origin = 'person'")

    event = MessageChanged(await provider_id(open_net), Sender(address), "my code was 123 456, sorry")
    await comes(open_net, monkeypatch, event)

    assert stored(open_net) == [("my code was [code], sorry", "answered")]


# --- blocked ---


def unreachable(net: Net) -> list[bool]:
    return [row[0] is not None for row in net.rows("SELECT unreachable_at FROM trinity_channels_contact ORDER BY id")]


async def test_telegram_tells_who_has_blocked_the_bot(open_net: Net) -> None:
    zoe = open_net.stranger("telegram", "Zoe")
    await zoe.says("hello")

    await zoe.phone.blocks()
    await open_net.settle()
    assert unreachable(open_net) == [True]

    await zoe.phone.unblocks()
    await open_net.settle()
    assert unreachable(open_net) == [False]


async def test_one_who_writes_again_can_be_reached(open_net: Net) -> None:
    zoe = open_net.stranger("telegram", "Zoe")
    await zoe.says("hello")
    await zoe.phone.blocks()
    await zoe.phone.unblocks()

    await zoe.says("me again")

    assert unreachable(open_net) == [False]
    assert zoe.heard()[-1] == "echo me again"


@pytest.mark.parametrize(
    ("state", "after", "blocked"),
    [
        (FollowState.BLOCKED, 60, True),
        (FollowState.BLOCKED, None, True),
        (FollowState.BLOCKED, -3600, False),  # late: they have written since
        (FollowState.JOINED, 60, False),
        (FollowState.UNBLOCKED, None, False),
    ],
)
async def test_events_that_come_late_undo_nothing(
    open_net: Net,
    told: Someone,
    monkeypatch: pytest.MonkeyPatch,
    state: FollowState,
    after: float | None,
    blocked: bool,
) -> None:
    address = open_net.rows("SELECT value FROM trinity_channels_address")[0][0]
    at = None if after is None else open_net.now() + timedelta(seconds=after)

    await comes(open_net, monkeypatch, Following(Sender(address), state, at))

    assert unreachable(open_net) == [blocked]
    assert len(told.heard()) == 1


async def test_a_stranger_who_joins_is_not_stored(open_net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    for state in FollowState:
        await comes(open_net, monkeypatch, Following(Sender("+12025550177"), state))

    assert unreachable(open_net) == []
