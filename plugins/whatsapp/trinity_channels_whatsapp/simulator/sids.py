"""Twilio's identifiers: two letters for the kind, 32 hexadecimal digits."""

from __future__ import annotations

import re
import secrets

SANDBOX_ADDRESS = "whatsapp:+14155238886"
"""The one number that all sandboxes share. https://www.twilio.com/docs/whatsapp/sandbox"""

PREFIX = "whatsapp:"
E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)

# A business-scoped user id: country, optionally ENT for a parent id, up to 128 characters.
# https://www.twilio.com/docs/whatsapp/key-concepts
BSUID = re.compile(r"[A-Z]{2}(\.ENT)?\.[A-Za-z0-9]{1,128}", re.ASCII)


def new_sid(kind: str) -> str:
    """A fresh identifier such as `SM…`."""
    return kind + secrets.token_hex(16)


def with_prefix(address: str) -> str:
    """Accept `+1555…` where Twilio itself would write `whatsapp:+1555…`."""
    return address if address.startswith(PREFIX) else PREFIX + address
