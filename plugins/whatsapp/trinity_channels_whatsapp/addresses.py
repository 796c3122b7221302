"""What a WhatsApp address looks like at Twilio: a phone number, or the id of a person who hides theirs.

https://www.twilio.com/docs/whatsapp/key-concepts — a business-scoped user id (BSUID) is a country code, a dot, then
letters and digits, with `ENT.` between where several portfolios share it. Nothing here changes an address: case, dots
and every digit count. What arrives is not held to that form: any word with a letter in it is taken for a user id.
"""

from __future__ import annotations

import re

PREFIX = "whatsapp:"
SANDBOX = "whatsapp:+14155238886"

_PHONE = r"\+[1-9][0-9]{6,14}"
_USER_ID = r"[A-Z]{2}(?:\.ENT)?\.[A-Za-z0-9]{1,128}"
ADDRESS = f"{PREFIX}(?:{_PHONE}|{_USER_ID})"
"""What an owner may enter."""
_NUMBER = re.compile(f"{PREFIX}{_PHONE}")
# A number with letters in it is a malformed number, not a user id; hence no "+" at the start.
_WORD = re.compile(rf"{PREFIX}(?!\+)\S*[^\W\d_]\S*")
_SHOWN = 4
"""Digits of a number that may be shown, at its end."""


def is_address(text: str) -> bool:
    """Tell whether this can stand in From or To."""
    return is_number(text) or is_user_id(text)


def is_user_id(text: str) -> bool:
    """Tell whether this is a BSUID: it belongs to one person for good, unlike a phone number, however that is written."""
    # \S also matches control characters, which must reach neither a request nor a log line.
    return _WORD.fullmatch(text) is not None and text.isprintable()


def is_number(text: str) -> bool:
    """Tell whether this is a phone number in E.164 with the channel's prefix."""
    return _NUMBER.fullmatch(text) is not None


def stable_id(address: str, external_user_id: str) -> str | None:
    """Pick the id by which a person is recognised: the one sent along, else the address where that is one.

    The id sent along may lack the channel's prefix; it is answered with it.
    """
    external = external_user_id if external_user_id.startswith(PREFIX) else PREFIX + external_user_id
    if is_user_id(external):
        return external
    return address if is_user_id(address) else None


def masked(address: str) -> str:
    """Write an address so that only its owner recognises it: `whatsapp:***1234`."""
    # At least as many characters stay hidden as are shown.
    prefix = PREFIX if address.startswith(PREFIX) else ""
    return f"{prefix}***{address[-_SHOWN:]}" if len(address) > len(prefix) + 2 * _SHOWN else f"{prefix}***"
