"""What looking into Telegram's JSON needs beyond the contract's own readers: a field of another type counts as missing.

Telegram adds fields every month: https://core.telegram.org/bots/api-changelog.
"""

from __future__ import annotations

from typing import TypeGuard

from trinity_channels.api.http import Fields, inner, objects, text

__all__ = ["Fields", "inner", "objects", "shown", "text", "texts", "whole", "wholes"]

# https://core.telegram.org/bots/api#chat: identifiers have at most 52 significant bits.
_LARGEST = 2**53


def shown(fields: Fields, name: str) -> str:
    """A string on one line, fit to be stored and shown; empty if there is none."""
    # JSON can hold NUL; databases do not take it.
    return " ".join(text(fields, name).replace("\0", " ").split())


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
