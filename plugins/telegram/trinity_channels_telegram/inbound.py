"""From an authentic update to events. https://core.telegram.org/bots/api#update — one update per request.

What is not answered with 200 holds up its chat for a day, so only what is no update at all is malformed; a message that
lacks what every message has is `Ignored("unreadable")`, and counted.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from trinity_channels.api import (
    Binding,
    Button,
    Event,
    Ignored,
    Inbound,
    MalformedPayload,
    MessageReceived,
    Quoted,
    Request,
    Response,
    Sender,
)
from trinity_channels_telegram import content
from trinity_channels_telegram.addresses import Place
from trinity_channels_telegram.fields import Fields, inner, objects, text, whole
from trinity_channels_telegram.mentions import Bot, replied_to, replies_to_bot, wording
from trinity_channels_telegram.secret import authenticate

# Everything an update can be about, for counting; more come every few months.
KINDS = frozenset({
    "business_connection", "business_message", "callback_query", "channel_post", "chat_boost", "chat_join_request",
    "chat_member", "chosen_inline_result", "deleted_business_messages", "edited_business_message",
    "edited_channel_post", "edited_message", "guest_message", "inline_query", "managed_bot", "message",
    "message_reaction", "message_reaction_count", "my_chat_member", "poll", "poll_answer", "pre_checkout_query",
    "purchased_paid_media", "removed_chat_boost", "shipping_query", "stopped_message_generation",
})  # fmt: skip

MAX_NAME = 100
GROUPS = frozenset({"group", "supergroup"})
# https://core.telegram.org/bots/api#message: the topic "General" has no identifier, and sending to this one fails.
GENERAL = 1

_QUERY_ID = re.compile(r"[0-9]{1,20}")
# Repeated by other fields of the value.
_NOT_RAW = frozenset({"caption", "date", "from", "text"})


def receive(binding: Binding, request: Request) -> Inbound:
    """Authenticate one webhook and translate it; errors as the hook `receive` promises."""
    update = authenticate(request, binding.webhook_secret.get_secret_value())
    number = whole(update, "update_id")
    if number is None:
        raise MalformedPayload("The update has no update_id.")
    bot = _bot(binding)
    if "message" in update:
        return Inbound((_message(number, inner(update, "message"), bot),))
    if "callback_query" in update:
        return _callback(number, inner(update, "callback_query"))
    # `edited_message` too: it also reports changes that nobody sees, and the question has been answered.
    return Inbound((Ignored(next((name for name in update if name in KINDS), "unknown_update")),))


def _bot(binding: Binding) -> Bot:
    facts = binding.account.facts
    number = facts.get("id", binding.account.key)
    return Bot(int(number) if number.isdecimal() else 0, facts.get("username", ""))


def _message(update: int, message: Fields, bot: Bot) -> Event:
    chat, number, sender = inner(message, "chat"), whole(message, "message_id"), _sender(message)
    chat_id, kind = whole(chat, "id"), text(chat, "type")
    if not chat_id or number is None or sender is None:
        return Ignored("unreadable")
    if unwanted := _unwanted(message, kind):
        return Ignored(unwanted)
    said = wording(message, bot)
    if kind in GROUPS and not (said.names_bot or replies_to_bot(message, bot)):
        return Ignored("not_addressed")
    files, location = content.attachments(message), content.location(message)
    words = said.text or content.in_words(message)
    if not (words or files or location or said.names_bot):
        return Ignored("no_content")
    place = _place(message, chat_id)
    reply = whole(replied_to(message), "message_id")
    return MessageReceived(
        # Not the update's number alone: after a quiet week it starts again at random, and may meet an old one.
        event_id=f"{update}:{chat_id}:{number}",
        sender=sender,
        text=words,
        provider_id=place.message(number),
        conversation=_conversation(place, kind),
        group=kind in GROUPS,
        attachments=files,
        location=location,
        quoted=Quoted(provider_id=place.message(reply)) if reply else None,
        album=text(message, "media_group_id") or None,
        sent_at=_time(message),
        raw={name: value for name, value in message.items() if name not in _NOT_RAW},
    )


def _unwanted(message: Fields, kind: str) -> str | None:
    """Why nothing is done about a message, whatever it says."""
    if kind not in GROUPS and kind != "private":
        return "channel"
    if "migrate_to_chat_id" in message or "migrate_from_chat_id" in message:
        return "migration"
    if message.get("is_automatic_forward") is True:
        return "automatic_forward"
    if inner(message, "from").get("is_bot") is True and "sender_chat" not in message:
        return "bot"
    return None


def _callback(update: int, query: Fields) -> Inbound:
    """Read a tapped button; the answer stops its spinner, as nothing else that this hook may do could."""
    query_id, data, message = text(query, "id"), text(query, "data"), inner(query, "message")
    chat_id, number = whole(inner(message, "chat"), "id"), whole(message, "message_id")
    if not _QUERY_ID.fullmatch(query_id):
        return Inbound((Ignored("unreadable"),))
    # https://core.telegram.org/bots/faq#how-can-i-make-requests-in-response-to-updates — nothing else is ever in it.
    answer = json.dumps({"method": "answerCallbackQuery", "callback_query_id": query_id}).encode()
    response = Response(200, answer, "application/json")
    sender = _sender(query)
    if (
        not data or not chat_id or number is None or sender is None
    ):  # a game, or a message that was sent through another chat
        return Inbound((Ignored("callback_query"),), response)
    place, kind = _place(message, chat_id), text(inner(message, "chat"), "type")
    title = _title(message, data)
    event = MessageReceived(
        event_id=f"{update}:{chat_id}:{query_id}",
        sender=sender,
        text=title,
        provider_id=place.message(number),
        conversation=_conversation(place, kind),
        group=kind in GROUPS,
        button=Button(title, data),
        quoted=Quoted(provider_id=place.message(number), by_agent=True),
        raw={name: value for name, value in query.items() if name != "from"},
    )
    return Inbound((event,), response)


def _title(message: Fields, data: str) -> str:
    """What the button shows; its payload where the message is too old to be sent along."""
    rows = inner(message, "reply_markup").get("inline_keyboard")
    for row in rows if isinstance(rows, list) else ():
        for button in objects({"row": row}, "row"):
            if button.get("callback_data") == data and text(button, "text"):
                return text(button, "text")
    return data


def _sender(message: Fields) -> Sender | None:
    """Who wrote; None if nobody is named.

    Where a chat speaks (a channel, or an anonymous admin), `from` is a stand-in that all such chats share, so the chat
    itself is the sender.
    """
    if chat := inner(message, "sender_chat"):
        number, name = whole(chat, "id"), text(chat, "title")
    else:
        person = inner(message, "from")
        number, name = whole(person, "id"), f"{text(person, 'first_name')} {text(person, 'last_name')}"
    if not number:
        return None
    return Sender(address=str(number), stable=str(number), name=" ".join(name.split())[:MAX_NAME])


def _place(message: Fields, chat_id: int) -> Place:
    # Without `is_topic_message` the number is that of a chain of replies, which cannot be sent to.
    topic = whole(message, "message_thread_id") if message.get("is_topic_message") is True else None
    return Place(chat_id, topic if topic and topic > GENERAL else None)


def _conversation(place: Place, kind: str) -> str | None:
    return str(place) if kind in GROUPS or place.topic else None


def _time(message: Fields) -> datetime | None:
    seconds = whole(message, "date")
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds and seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
