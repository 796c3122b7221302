"""What a WhatsApp address looks like at Twilio: a phone number, or the id of a person who hides theirs.

https://www.twilio.com/docs/whatsapp/key-concepts — a business-scoped user id (BSUID) is a country code, a dot, then
letters and digits, with `ENT.` between where several portfolios share it. Nothing here changes an address: case, dots
and every digit count.
"""

from __future__ import annotations

import re

PREFIX = "whatsapp:"
SANDBOX = "whatsapp:+14155238886"

_PHONE = r"\+[1-9][0-9]{6,14}"
_USER_ID = r"[A-Z]{2}(?:\.ENT)?\.[A-Za-z0-9]{1,128}"
ADDRESS = f"{PREFIX}(?:{_PHONE}|{_USER_ID})"
_ADDRESS = re.compile(ADDRESS)
_HIDDEN = re.compile(f"{PREFIX}{_USER_ID}")
_NUMBER = re.compile(f"{PREFIX}{_PHONE}")


def is_address(text: str) -> bool:
    """Tell whether this can stand in From or To."""
    return _ADDRESS.fullmatch(text) is not None


def is_user_id(text: str) -> bool:
    """Tell whether this is a BSUID: it belongs to one person for good, unlike a phone number."""
    return _HIDDEN.fullmatch(text) is not None


def is_number(text: str) -> bool:
    """Tell whether this is a phone number in E.164 with the channel's prefix."""
    return _NUMBER.fullmatch(text) is not None


def stable_id(address: str, external_user_id: str) -> str | None:
    """Pick the id by which a person is recognised: the one sent along, else the address where that is one."""
    if is_user_id(external_user_id):
        return external_user_id
    return address if is_user_id(address) else None
