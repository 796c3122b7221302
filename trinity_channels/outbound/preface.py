"""What stands in front of an agent's answer: sentences of the host's own, in the same message, for each message costs."""

from __future__ import annotations

from datetime import datetime

from trinity_channels import texts
from trinity_channels.api import Channel
from trinity_channels.outbound.compose import plain
from trinity_channels.outbound.dialects.split_line import width
from trinity_channels.store.conversation_state import Message
from trinity_channels.visible import cleaned_name

EXCERPT = 80
"""Characters of a message that are quoted to remind the person of it."""


def about(message: Message) -> str:
    """What a late answer refers to."""
    words = excerpt(message.text)
    when = spoken(message.at)
    return texts.LATE_ANSWER.format(when=when, words=words) if words else texts.LATE_ANSWER_WORDLESS.format(when=when)


def unanswered(message: Message) -> str:
    """What a person hears about a message that got no answer in time."""
    words = excerpt(message.text)
    when = spoken(message.at)
    return texts.TOO_LATE.format(when=when, words=words) if words else texts.TOO_LATE_WORDLESS.format(when=when)


def delayed(manifest: Channel, composed: str, written_at: datetime) -> str:
    """A composed message with a sentence in front that says when it was written; without it where both do not fit."""
    limit = manifest.limits.text
    sentence, *more = plain(texts.LATE_DELIVERY.format(when=spoken(written_at)), manifest.dialect, limit)
    whole = f"{sentence}\n\n{composed}"
    return composed if more or width(whole) > limit else whole


def excerpt(text: str) -> str:
    """The beginning of a text in one line, cut between words where there are any."""
    # Only the beginning is cleaned: a message may be a book.
    line = cleaned_name(text[: 10 * EXCERPT])
    if len(line) <= EXCERPT:
        return line
    head = line[:EXCERPT]
    return (head[: head.rfind(" ")] if " " in head[EXCERPT // 2 :] else head).rstrip() + "…"


def spoken(at: datetime) -> str:
    """A time as people read it. In UTC, and saying so: where a person is, no messenger tells."""
    return f"{at.day} {at:%B, %H:%M} UTC"
