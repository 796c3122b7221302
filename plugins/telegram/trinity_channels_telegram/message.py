"""One message as an event. https://core.telegram.org/bots/api#message."""

from __future__ import annotations

from datetime import UTC, datetime

from trinity_channels.api import Event, Ignored, MessageReceived, Note, NoteKind
from trinity_channels_telegram import content
from trinity_channels_telegram.addresses import Place
from trinity_channels_telegram.context import forwarded, quoted
from trinity_channels_telegram.fields import Fields, inner, text, whole
from trinity_channels_telegram.kinds import is_service, not_shown
from trinity_channels_telegram.mentions import Bot, is_bot, replies_to_bot, wording
from trinity_channels_telegram.notes import notes
from trinity_channels_telegram.senders import sender_of

GROUPS = frozenset({"group", "supergroup"})
# https://core.telegram.org/bots/api#message: the topic "General" has no identifier, and sending to this one fails.
GENERAL = 1

# Repeated by other fields of the value.
_NOT_RAW = frozenset({"caption", "date", "from", "text"})


def read(update: int, message: Fields, bot: Bot) -> Event:
    """What a message means to the agent; `Ignored` where that is nothing."""
    chat, number, sender = inner(message, "chat"), whole(message, "message_id"), sender_of(message)
    chat_id, kind = whole(chat, "id"), text(chat, "type")
    if not chat_id or number is None or sender is None:
        return Ignored("unreadable")
    # Before anything is parsed: a busy channel or group posts far more than is meant for the bot.
    if unwanted := _unwanted(message, chat, bot):
        return Ignored(unwanted)
    said = wording(message, bot)
    if kind in GROUPS and not (said.names_bot or replies_to_bot(message, bot)):
        return Ignored("not_addressed")
    files, location, told = content.attachments(message), content.location(message), notes(message)
    # A sticker stands for its emoji, which is all that can be said of it in words.
    words = said.text or text(inner(message, "sticker"), "emoji")
    shown = files or location or told
    if not shown and not words and said.names_bot:  # a name by itself is a call
        words = said.whole
    elif not shown and (not words or text(message, "caption")):  # a caption belongs to something
        told = (_unsupported(message),)
    place = place_of(message, chat_id)
    return MessageReceived(
        # Not the update's number alone: after a quiet week it starts again at random, and may meet an old one.
        event_id=f"{update}:{chat_id}:{number}",
        sender=sender,
        text=words,
        provider_id=place.message(number),
        conversation=conversation(place, kind),
        group=kind in GROUPS,
        attachments=files,
        location=location,
        quoted=quoted(message, place, bot),
        forwarded=forwarded(message),
        notes=told,
        album=text(message, "media_group_id") or None,
        sent_at=time_of(message),
        raw={name: value for name, value in message.items() if name not in _NOT_RAW},
    )


def place_of(message: Fields, chat_id: int) -> Place:
    """The chat, and the topic if the message stands in one."""
    # Without `is_topic_message` the number is that of a chain of replies, which cannot be sent to.
    topic = whole(message, "message_thread_id") if message.get("is_topic_message") is True else None
    return Place(chat_id, topic if topic and topic > GENERAL else None)


def conversation(place: Place, kind: str) -> str | None:
    """The address that answers here; None where the person's own does."""
    return str(place) if kind in GROUPS or place.topic else None


def _unwanted(message: Fields, chat: Fields, bot: Bot) -> str | None:
    """Why nothing is done about a message, whatever it says."""
    kind = text(chat, "type")
    # A channel's post has no sender to answer, and an answer would be public.
    if kind not in GROUPS and kind != "private":
        return "channel"
    if chat.get("is_direct_messages") is True:  # answers there need a parameter of their own
        return "channel_direct_messages"
    if "migrate_to_chat_id" in message or "migrate_from_chat_id" in message:
        return "migration"
    # A channel's post, copied into its discussion group by account 777000.
    if message.get("is_automatic_forward") is True:
        return "automatic_forward"
    author = inner(message, "from")
    # Two bots that answer each other would not stop. A chat that speaks has a bot as its stand-in and is let through.
    if "sender_chat" not in message and (author.get("is_bot") is True or is_bot(author, bot)):
        return "bot"
    return "service_message" if is_service(message) else None


def _unsupported(message: Fields) -> Note:
    kind = not_shown(message)
    return Note(NoteKind.UNSUPPORTED, {"type": kind} if kind else {})


def time_of(message: Fields) -> datetime | None:
    """Its `date`; None if there is none."""
    seconds = whole(message, "date")
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds and seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
