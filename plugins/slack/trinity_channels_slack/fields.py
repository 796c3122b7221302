"""Reading JSON of any shape: a field of another type than expected counts as missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def text_of(fields: object, name: str) -> str:
    """A field of text, empty if it is missing or of another type.

    JSON can hold halves of surrogate pairs, which neither a database nor a request takes; they become question marks.
    """
    value = fields.get(name) if isinstance(fields, dict) else None
    if not isinstance(value, str):
        return ""
    # ASCII cannot hold surrogates; most ids and words are spared the copy.
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def object_of(fields: object, name: str) -> Json:
    """A field that is an object, empty if it is missing or of another type."""
    value = fields.get(name) if isinstance(fields, dict) else None
    return value if isinstance(value, dict) else {}


def objects_of(fields: object, name: str, most: int = 100) -> list[Json]:
    """The objects in a field that is a list, at most `most` of them."""
    value = fields.get(name) if isinstance(fields, dict) else None
    return [one for one in value[:most] if isinstance(one, dict)] if isinstance(value, list) else []
