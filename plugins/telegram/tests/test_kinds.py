"""Nothing that a person sends is dropped without a word, whatever field it stands in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trinity_channels.api import Binding, Ignored, MessageReceived, NoteKind, Request
from trinity_channels_telegram import plugin
from trinity_channels_telegram.kinds import MEANINGS, Meaning
from trinity_channels_telegram.notes import READERS

Make = Callable[..., Request]
ZOE = {"id": 5550001, "is_bot": False, "first_name": "Zoe"}
CHAT = {"id": 5550001, "first_name": "Zoe", "type": "private"}
GROUP = {"id": -1009990001, "title": "Team", "type": "supergroup"}
ODD: list[Any] = [None, "", "odd", 7, True, [], [[]], [{}], {}, {"odd": 1}]


def named(meaning: Meaning) -> list[str]:
    return sorted(name for name, held in MEANINGS.items() if held is meaning)


def received(binding: Binding, posted: Make, **fields: Any) -> MessageReceived | Ignored:
    message = {"message_id": 11, "from": ZOE, "chat": CHAT, "date": 1795300000} | fields
    [event] = plugin.receive(binding, posted({"update_id": 1, "message": message})).events
    assert isinstance(event, MessageReceived | Ignored)
    return event


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("field", [*named(Meaning.CONTENT), "hologram", "nft_collection"])
def test_content_of_any_shape_is_told(field: str, odd: Any, binding: Binding, posted: Make) -> None:
    event = received(binding, posted, **{field: odd})

    assert isinstance(event, MessageReceived)
    assert event.text or event.parts


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("field", named(Meaning.SERVICE))
def test_what_telegram_itself_posts_is_ignored(field: str, odd: Any, binding: Binding, posted: Make) -> None:
    event = received(binding, posted, **{field: odd})

    assert event in (Ignored("service_message"), Ignored("migration"))


@pytest.mark.parametrize("field", sorted(set(named(Meaning.ABOUT)) - {"message_id", "from", "chat", "sender_chat"}))
def test_what_is_said_about_a_message_is_no_content(field: str, binding: Binding, posted: Make) -> None:
    """Without words it is still told that something came; with words there is nothing to tell."""
    alone, beside = received(binding, posted, **{field: "x"}), received(binding, posted, text="hi", **{field: "x"})

    assert isinstance(alone, MessageReceived)
    assert isinstance(beside, MessageReceived)
    assert [(note.kind, note.data) for note in alone.notes] == [(NoteKind.UNSUPPORTED, {})]
    assert (beside.text, beside.notes) == ("hi", ())


def test_a_new_field_beside_words_is_no_content(binding: Binding, posted: Make) -> None:
    event = received(binding, posted, text="hi", mood={"emoji": "👍"})

    assert isinstance(event, MessageReceived)
    assert event.notes == ()


def test_the_new_field_is_named(binding: Binding, posted: Make) -> None:
    event = received(binding, posted, effect_id="1", hologram={"id": 1})

    assert isinstance(event, MessageReceived)
    assert [note.data for note in event.notes] == [{"type": "hologram"}]


@pytest.mark.parametrize("field", [*named(Meaning.CONTENT), "hologram"])
def test_in_a_group_only_what_is_addressed_is_told(field: str, binding: Binding, posted: Make) -> None:
    ours = {"message_id": 3, "from": {"id": 7770001, "is_bot": True}, "chat": GROUP, "date": 1, "text": "42"}
    content = {field: {"id": 1}}

    assert received(binding, posted, chat=GROUP, **content) == Ignored("not_addressed")
    assert isinstance(received(binding, posted, chat=GROUP, reply_to_message=ours, **content), MessageReceived)


def test_every_kind_that_is_put_in_words_is_content() -> None:
    assert set(READERS) <= set(named(Meaning.CONTENT))


def test_every_field_that_telegram_documents_has_a_meaning(bot_api: dict[str, Any]) -> None:
    assert set(bot_api["Message"]) <= set(MEANINGS)
