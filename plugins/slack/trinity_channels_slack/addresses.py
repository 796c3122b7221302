"""Where Slack messages go: a person, a direct chat, or a thread; and which message is which.

A person is `U…` or `W…` (both mean the same), a direct chat `D…`, a channel `C…` or `G…`
(https://docs.slack.dev/apis/web-api/using-the-conversations-api), a thread `<channel>/<ts of its root>`; a message is
`<channel>/<ts>`. A `ts` is a string of digits with a dot: read as a number it loses some, and then names nothing.
https://docs.slack.dev/messaging/retrieving-messages
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_ID = r"[^\s/<>|\x00-\x1f\x7f\ud800-\udfff]+"  # opaque: Slack promises neither length nor alphabet
_TS = r"[0-9]{1,30}\.[0-9]{1,30}"

PERSON = r"[UW][A-Z0-9]{2,}"
ADDRESS = f"(?:{PERSON}|[CDG][A-Z0-9]{{2,}}(?:/{_TS})?)"
"""What an owner may type; the addresses that this plugin issues are wider."""

_ADDRESS = re.compile(f"(?P<thread_in>{_ID})/(?P<thread>{_TS})|(?P<channel>[CDG]{_ID})|(?P<user>[A-Z]{_ID})")
_MESSAGE = re.compile(f"({_ID})/({_TS})")
_ONE_ID = re.compile(_ID)
_ONE_TS = re.compile(_TS)


@dataclass(frozen=True, slots=True)
class Address:
    """A user to open a direct chat with, or a channel that is known, perhaps with a thread in it."""

    user: str | None = None
    channel: str | None = None
    thread: str | None = None


def parse(text: str) -> Address | None:
    """Read an address; None if it is not valid here."""
    found = _ADDRESS.fullmatch(text)
    # Slack promises no alphabet for ids, so any other capital letter counts as a person.
    return Address(found["user"], found["channel"] or found["thread_in"], found["thread"]) if found else None


def message_id(channel: str, ts: str) -> str:
    """Name a message within a workspace: a `ts` alone is unique in its channel only."""
    return f"{channel}/{ts}"


def split_message_id(text: str) -> tuple[str, str] | None:
    """Undo `message_id`."""
    found = _MESSAGE.fullmatch(text)
    return (found[1], found[2]) if found else None


def is_id(value: object) -> bool:
    """Tell whether this can name a member, a channel or a direct chat."""
    return isinstance(value, str) and _ONE_ID.fullmatch(value) is not None


def is_ts(value: object) -> bool:
    """Tell whether this can name a message in its channel."""
    return isinstance(value, str) and _ONE_TS.fullmatch(value) is not None


def time_of(ts: str) -> datetime | None:
    """When a message was written: its name is a time, whose last digits only tell it from others."""
    try:
        # Good enough for a time; as a name a ts must stay a string, since a float changes about every tenth.
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None
