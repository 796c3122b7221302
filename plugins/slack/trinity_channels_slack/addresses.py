"""Where Slack messages go: a person, a direct chat, or a thread; and which message is which.

A person is `U…` or `W…` (both mean the same), a direct chat `D…`, a thread `<channel>/<ts of its root>`; a message is
`<channel>/<ts>`. A `ts` is a string of digits with a dot: read as a number it loses some, and then names nothing.
https://docs.slack.dev/messaging/retrieving-messages
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_USER = "[UW][A-Z0-9]{2,31}"
_CHANNEL = "[CDG][A-Z0-9]{2,31}"
_TS = r"[0-9]{1,12}\.[0-9]{1,9}"

ADDRESS = f"(?:{_USER}|{_CHANNEL}(?:/{_TS})?)"

_ADDRESS = re.compile(f"(?P<user>{_USER})|(?P<channel>{_CHANNEL})(?:/(?P<thread>{_TS}))?")
_MESSAGE = re.compile(f"({_CHANNEL})/({_TS})")
_ONE_USER = re.compile(_USER)
_ONE_CHANNEL = re.compile(_CHANNEL)
_ONE_TS = re.compile(_TS)


@dataclass(frozen=True, slots=True)
class Address:
    """A user to open a direct chat with, or a channel that is known, perhaps with a thread in it."""

    user: str | None = None
    channel: str | None = None
    thread: str | None = None


def parse(text: str) -> Address | None:
    """Read an address; None if it is none of ours."""
    found = _ADDRESS.fullmatch(text)
    return Address(found["user"], found["channel"], found["thread"]) if found else None


def message_id(channel: str, ts: str) -> str:
    """Name a message within a workspace: a `ts` alone is unique in its channel only."""
    return f"{channel}/{ts}"


def split_message_id(text: str) -> tuple[str, str] | None:
    """Undo `message_id`."""
    found = _MESSAGE.fullmatch(text)
    return (found[1], found[2]) if found else None


def is_user(value: object) -> bool:
    """Tell whether this is a member's id."""
    return isinstance(value, str) and _ONE_USER.fullmatch(value) is not None


def is_channel(value: object) -> bool:
    """Tell whether this is the id of a channel, private or not, or of a direct chat."""
    return isinstance(value, str) and _ONE_CHANNEL.fullmatch(value) is not None


def is_ts(value: object) -> bool:
    """Tell whether this can name a message in its channel."""
    return isinstance(value, str) and _ONE_TS.fullmatch(value) is not None
