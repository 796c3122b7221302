"""Looking into JSON that may hold anything: a field of another type than expected counts as missing.

Plain functions and no models: they are on the path of every message, and providers add fields all the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Fields = Mapping[str, Any]
"""A JSON object."""

_NONE: Fields = MappingProxyType({})
# JSON's numbers may have any number of digits; databases and most programs take 64 bits.
_LARGEST = 2**63


def text(fields: object, name: str) -> str:
    """A string; empty if it is missing or of another type.

    JSON can hold halves of surrogate pairs, which neither a database nor a request takes; they become question marks.
    """
    value = fields.get(name) if isinstance(fields, dict) else None
    if not isinstance(value, str):
        return ""
    # ASCII cannot hold surrogates; most ids and words are spared the copy.
    return value if value.isascii() else value.encode(errors="replace").decode()


def whole(fields: object, name: str) -> int | None:
    """A whole number of at most 64 bits; None if it is missing or of another type."""
    value = fields.get(name) if isinstance(fields, dict) else None
    # In Python True is an integer.
    return value if isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value < _LARGEST else None


def inner(fields: object, name: str) -> Fields:
    """An object; empty if it is missing or of another type."""
    value = fields.get(name) if isinstance(fields, dict) else None
    return value if isinstance(value, dict) else _NONE


def objects(fields: object, name: str, most: int | None = None) -> list[Fields]:
    """The objects in a field that is a list, among its first `most` entries; none if it is missing or of another type."""
    value = fields.get(name) if isinstance(fields, dict) else None
    return [one for one in value[:most] if isinstance(one, dict)] if isinstance(value, list) else []
