"""Looking into JSON that may hold anything: a field of another type than expected counts as missing.

On the path of every message, hence plain functions and no models. Telegram adds fields every month:
https://core.telegram.org/bots/api-changelog.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeGuard

Fields = Mapping[str, Any]

_NONE: Fields = MappingProxyType({})
# https://core.telegram.org/bots/api#chat: identifiers have at most 52 significant bits.
_LARGEST = 2**53


def inner(fields: Fields, name: str) -> Fields:
    """An object; empty if there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else _NONE


def objects(fields: Fields, name: str) -> list[Fields]:
    """The objects of a list."""
    value = fields.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(fields: Fields, name: str) -> str:
    """A string; empty if there is none."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def shown(fields: Fields, name: str) -> str:
    """A string on one line, fit to be stored and shown; empty if there is none."""
    # JSON can hold halves of surrogate pairs and NUL; databases take neither.
    return " ".join(text(fields, name).encode(errors="replace").decode().replace("\0", " ").split())


def texts(fields: Fields) -> list[str]:
    """All strings of an object that are not empty."""
    return [value for value in fields.values() if isinstance(value, str) and value]


def whole(fields: Fields, name: str) -> int | None:
    """A whole number of a size that Telegram uses."""
    value = fields.get(name)
    return value if _is_whole(value) else None


def wholes(fields: Fields, name: str) -> list[int]:
    """The whole numbers of a list."""
    value = fields.get(name)
    return [one for one in value if _is_whole(one)] if isinstance(value, list) else []


def _is_whole(value: object) -> TypeGuard[int]:
    # In Python True is an integer.
    return isinstance(value, int) and not isinstance(value, bool) and -_LARGEST < value < _LARGEST
