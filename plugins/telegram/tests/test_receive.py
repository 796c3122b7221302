"""What `receive` promises beyond single payloads: purity, no surprises, no echo."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trinity_channels.api import (
    Binding,
    Button,
    Following,
    Ignored,
    Inbound,
    MalformedPayload,
    MessageChanged,
    MessageReceived,
    Request,
    SignatureError,
)
from trinity_channels_telegram import plugin

Make = Callable[..., Request]
PAYLOADS = Path(__file__).parent.parent / "payloads"
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
FUZZ = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=3 * settings().max_examples,
    deadline=None,
)


@given(
    kind=st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member"]),
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
        assert isinstance(event, Ignored | MessageReceived | MessageChanged | Following)


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


@pytest.mark.parametrize("query", ['1", "method": "sendMessage', "1" * 200, "q-7_f/3a=", "x", '"}', "\u2028ü\n"])
def test_an_answer_holds_nothing_but_the_number(query: str, binding: Binding, posted: Make) -> None:
    """A body with `method` is executed by Telegram, so no one else may write into it."""
    tapped = {"id": query, "from": ZOE, "message": message()["message"], "data": '{"method":"sendMessage"}'}

    inbound = plugin.receive(binding, posted({"update_id": 1, "callback_query": tapped}))

    assert json.loads(inbound.response.body) == {"method": "answerCallbackQuery", "callback_query_id": query}
    assert received(inbound).button == Button('{"method":"sendMessage"}', '{"method":"sendMessage"}')


@pytest.mark.parametrize("query", ["", "1" * 300, 7, None])
def test_a_press_without_a_number_is_unreadable(query: object, binding: Binding, posted: Make) -> None:
    tapped = {"id": query, "from": ZOE, "message": message()["message"], "data": "yes"}

    assert plugin.receive(binding, posted({"update_id": 1, "callback_query": tapped})) == Inbound(
        (Ignored("unreadable"),)
    )


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


STRANGE: list[Any] = [None, 7, -1, True, 1.5, 10**400, "", "\x00", "\ud800", [], [[]], {}, {"a": [1]}, [{"text": 7}]]


def changed(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """A copy of a JSON value with another one at `path`."""
    if not path:
        return odd
    copied = copy.copy(value)
    copied[path[0]] = changed(value[path[0]], path[1:], odd)
    return copied


def paths(value: Any) -> Iterator[tuple[Any, ...]]:
    """Where the fields of a JSON value stand."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield (name,)
        yield from ((name, *rest) for rest in paths(inner))


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*__*.http")), ids=lambda path: path.stem)
def test_a_strange_field_of_a_recorded_update_never_fails(path: Path, binding: Binding, posted: Make) -> None:
    body = path.read_bytes().partition(b"\n\n")[2]
    update = json.loads(body) if body.strip().startswith(b"{") and b"secret" not in path.name.encode() else {}

    for place in paths(update):
        for odd in STRANGE:
            with suppress(MalformedPayload):  # only where the update has no number
                inbound = plugin.receive(binding, posted(changed(update, place, odd)))
                for event in inbound.events:
                    json.dumps([dataclasses.asdict(part) for part in getattr(event, "parts", ())])
