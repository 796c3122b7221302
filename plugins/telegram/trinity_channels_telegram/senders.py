"""Who wrote, and what people and chats call themselves. https://core.telegram.org/bots/api#user and #chat."""

from __future__ import annotations

from trinity_channels.api import Sender
from trinity_channels_telegram.fields import Fields, inner, text, whole

MAX_NAME = 100


def sender_of(message: Fields) -> Sender | None:
    """Who wrote; None if the update names no sender.

    Where a chat speaks (a channel, or an anonymous admin), `from` is a stand-in that all such chats share, so the chat
    itself is the sender.
    """
    speaker = inner(message, "sender_chat") or inner(message, "from")
    number = whole(speaker, "id")
    # An id is never given to another account; a username can be, so it identifies no one.
    return Sender(address=str(number), stable=str(number), name=name_of(speaker)) if number else None


def name_of(one: Fields) -> str:
    """The name of a person or a chat on one short line; the username if there is no other, empty if there is none."""
    name = one_line(text(one, "title") or f"{text(one, 'first_name')} {text(one, 'last_name')}")
    return name or (f"@{username}"[:MAX_NAME] if (username := one_line(text(one, "username"))) else "")


def one_line(name: str) -> str:
    """At most `MAX_NAME` characters without line breaks."""
    return " ".join(name.split())[:MAX_NAME]
