"""What a Telegram address looks like: a person's id, a chat's id, or a chat's with one of its topics.

`5550001` is a person (and the chat with them), `-1009990001` a group, `-1009990001/30` a topic of it. A message is named
by its address and its own number, `-1009990001/30:31`, because that number counts within one chat only.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# https://core.telegram.org/bots/api#chat: at most 52 significant bits, which are 16 digits.
_ID = r"-?[1-9][0-9]{0,15}"
_TOPIC = r"[1-9][0-9]{0,15}"
PERSON = r"[1-9][0-9]{0,15}"
"""Groups and channels have negative numbers."""
ADDRESS = f"{_ID}(?:/{_TOPIC})?"
_ADDRESS = re.compile(f"({_ID})(?:/({_TOPIC}))?(?::[0-9]{{1,16}})?")


class Place(NamedTuple):
    """A chat, and the topic within it."""

    chat: int
    topic: int | None = None

    def __str__(self) -> str:
        return str(self.chat) if self.topic is None else f"{self.chat}/{self.topic}"

    def message(self, number: int) -> str:
        """The name of one message here."""
        return f"{self}:{number}"

    @property
    def parameters(self) -> dict[str, int]:
        """The Bot API's parameters for it."""
        return {"chat_id": self.chat} | ({} if self.topic is None else {"message_thread_id": self.topic})


def place_of(name: str) -> Place | None:
    """Read an address or a message's name; None if it is neither."""
    if not (found := _ADDRESS.fullmatch(name)):
        return None
    return Place(int(found[1]), int(found[2]) if found[2] else None)
