"""What `receive` promises beyond single payloads: purity, no surprises, no echo."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trinity_channels.api import Binding, Ignored, Inbound, MessageReceived, Request, SignatureError
from trinity_channels_telegram import plugin

Make = Callable[..., Request]
ZOE = {"id": 5550001, "is_bot": False, "first_name": "Zoe"}
CHAT = {"id": 5550001, "first_name": "Zoe", "type": "private"}
NAMES = [
    "animation", "audio", "callback_query", "caption", "caption_entities", "chat", "contact", "data", "date", "document",
    "entities", "file_id", "file_size", "first_name", "from", "id", "inline_keyboard", "is_bot", "is_topic_message",
    "latitude", "length", "location", "longitude", "message", "message_id", "message_thread_id", "offset", "photo",
    "reply_markup", "reply_to_message", "sender_chat", "sticker", "text", "title", "type", "user", "venue", "voice",
]  # fmt: skip
WORDS = st.sampled_from(
    ["", "private", "supergroup", "mention", "bot_command", "@support_bot", "\ud83d", "👍 hi", "\0"]
)
NUMBERS = st.sampled_from([0, 1, -1, 7770001, 2**52, -(2**60), 10**400, 0.5, float("nan"), float("inf"), True])
ANYTHING = st.recursive(
    st.none() | WORDS | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=25,
)
FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)


@given(
    kind=st.sampled_from(["message", "edited_message", "callback_query"]),
    changes=st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=6),
)
@FUZZ
def test_an_authentic_update_never_fails(kind: str, changes: dict[str, Any], binding: Binding, posted: Make) -> None:
    payload = {"message_id": 1, "id": "42", "from": ZOE, "chat": CHAT, "date": 1795300000, "text": "hi"} | changes
    request = posted({"update_id": 1, kind: payload})
    before = copy.deepcopy(request)

    seen = [plugin.receive(binding, request) for _ in range(2)]

    assert isinstance(seen[0], Inbound)
    assert repr(seen[0]) == repr(seen[1])  # nan is not itself
    assert request == before
    for event in seen[0].events:
        assert isinstance(event, Ignored | MessageReceived)


@given(
    headers=st.dictionaries(st.sampled_from(["X-Telegram-Bot-Api-Secret-Token", "Content-Type"]), st.text()),
    body=st.binary(max_size=60),
)
@FUZZ
def test_whatever_lacks_the_secret_is_refused(headers: dict[str, str], body: bytes, binding: Binding) -> None:
    with pytest.raises(SignatureError):
        plugin.receive(binding, Request("POST", "https://bot.example/x", headers, body))


def message(**fields: Any) -> dict[str, Any]:
    base = {"message_id": 11, "from": ZOE, "chat": CHAT, "date": 1795300000}
    return {"update_id": 700000001, "message": base | fields}


def received(inbound: Inbound) -> MessageReceived:
    [event] = inbound.events
    assert isinstance(event, MessageReceived)
    return event


def test_an_event_is_named_by_its_chat_too(binding: Binding, posted: Make) -> None:
    """After a quiet week update numbers start again at random."""
    other = {**CHAT, "id": 5550002}
    ids = {
        received(plugin.receive(binding, posted(one))).event_id
        for one in (
            message(text="a"),
            message(text="a", message_id=12),
            message(text="a", chat=other),
            message(text="b"),
        )
    }

    assert len(ids) == 3


def test_raw_keeps_what_the_value_does_not_say(binding: Binding, posted: Make) -> None:
    event = received(plugin.receive(binding, posted(message(text="hi", media_group_id="9", quote={"text": "q"}))))

    assert event.raw["media_group_id"] == "9"
    assert event.raw["quote"] == {"text": "q"}
    assert not {"text", "from"} & set(event.raw)
    assert event.sent_at == datetime.fromtimestamp(1795300000, UTC)


def test_a_name_is_one_short_line(binding: Binding, posted: Make) -> None:
    sender = {**ZOE, "first_name": "Zoë\n\n  says:\t", "last_name": "x" * 500}

    event = received(plugin.receive(binding, posted(message(text="hi", **{"from": sender}))))

    assert event.sender.name == "Zoë says: " + "x" * 90


@pytest.mark.parametrize("query", ['1", "method": "sendMessage', "1" * 21, "", "x", 7, None])
def test_an_answer_repeats_nothing_but_a_number(query: object, binding: Binding, posted: Make) -> None:
    """A body with `method` is executed by Telegram, so nobody else may write into it."""
    tapped = {"id": query, "from": ZOE, "message": message()["message"], "data": '{"method":"sendMessage"}'}

    inbound = plugin.receive(binding, posted({"update_id": 1, "callback_query": tapped}))

    assert inbound == Inbound((Ignored("unreadable"),))


def test_a_tapped_button_stops_spinning(binding: Binding, posted: Make) -> None:
    tapped = {"id": "23800001", "from": ZOE, "message": message()["message"], "data": '{"method":"sendMessage"}'}

    inbound = plugin.receive(binding, posted({"update_id": 1, "callback_query": tapped}))

    assert json.loads(inbound.response.body) == {"method": "answerCallbackQuery", "callback_query_id": "23800001"}
    assert inbound.response.media_type == "application/json"


def test_every_other_answer_is_empty(binding: Binding, posted: Make) -> None:
    assert plugin.receive(binding, posted(message(text='{"method":"sendMessage"}'))).response.body == b""


def test_a_bot_without_facts_is_known_by_its_number(make_binding: Callable[..., Binding], posted: Make) -> None:
    group = {"id": -1009990001, "title": "Team", "type": "supergroup"}
    answered = {"message_id": 3, "from": {"id": 7770001, "is_bot": True}, "chat": group, "date": 1, "text": "42"}
    update = message(chat=group, text="sure?", reply_to_message=answered)

    assert received(plugin.receive(make_binding(facts={}), posted(update))).text == "sure?"
