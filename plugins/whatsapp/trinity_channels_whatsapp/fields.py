"""What looking into Twilio's JSON needs beyond the contract's own readers: a field of another type counts as missing."""

from __future__ import annotations

import re

from trinity_channels.api.http import Fields, inner, text

__all__ = ["Fields", "inner", "number", "objects", "text"]

_NUMBER = re.compile(r"[0-9]{1,9}")


def number(fields: Fields, name: str) -> int:
    """A whole number of up to nine digits, which Twilio sends as a string in places; 0 if there is none."""
    value = fields.get(name)
    shown = str(value) if isinstance(value, int | str) else ""
    return int(shown) if _NUMBER.fullmatch(shown) else 0


def objects(fields: Fields, name: str) -> list[Fields] | None:
    """A list of objects; None if it is anything else."""
    value = fields.get(name)
    return value if isinstance(value, list) and all(isinstance(one, dict) for one in value) else None
