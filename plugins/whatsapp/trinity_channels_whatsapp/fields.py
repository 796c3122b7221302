"""Looking into JSON that may hold anything: a field of another type than expected counts as missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

Fields = Mapping[str, object]

_NUMBER = re.compile(r"[0-9]{1,9}")
_NONE: Fields = MappingProxyType({})


def text(fields: Fields, name: str) -> str:
    """A string; empty if there is none. JSON can hold halves of surrogate pairs, which are not text."""
    value = fields.get(name)
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def number(fields: Fields, name: str) -> int:
    """A whole number of up to nine digits, which Twilio sends as a string in places; 0 if there is none."""
    value = fields.get(name)
    shown = str(value) if isinstance(value, int | str) else ""
    return int(shown) if _NUMBER.fullmatch(shown) else 0


def inner(fields: Fields, name: str) -> Fields:
    """An object; empty if there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else _NONE


def objects(fields: Fields, name: str) -> list[Fields] | None:
    """A list of objects; None if it is anything else."""
    value = fields.get(name)
    return value if isinstance(value, list) and all(isinstance(one, dict) for one in value) else None
