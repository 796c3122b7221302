"""Text that every database takes."""

from __future__ import annotations

import json
from typing import Any


def storable(text: str) -> str:
    """The text without NUL and halves of surrogate pairs, which people's phones and agents' JSON can hold."""
    # Nearly every text; this check costs far less than the conversion.
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def storable_json(value: object) -> str:
    """A value as JSON, for columns and parameters into which the database looks; its texts as `storable` leaves them."""
    described = json.dumps(value)
    # PostgreSQL refuses NUL and halves of surrogate pairs also where they are escaped.
    return json.dumps(_storable_value(json.loads(described))) if "\\u" in described else described


def _storable_value(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): _storable_value(one) for key, one in value.items()}
    return [_storable_value(one) for one in value] if isinstance(value, list) else value
