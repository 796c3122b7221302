"""How much of what comes with a message is kept: enough to understand it, and never enough to fill an agent's prompt.

Plugins have limits of their own that suit their provider. These hold for every plugin, also for values that the contract
does not promise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from trinity_channels.api import Attachment, Button, Forwarded, Location, Note, NoteKind, Part, Quoted

QUOTE = 2000
"""Characters of a quoted message: it reminds the agent of what was said, which the history may hold in full."""
TEXT = 12_000
"""Characters of what a person sends besides the text: a forwarded message, a field of a form, a pasted table."""
LABEL = 300
"""Characters of titles, file names, addresses and button payloads."""
NAME = 100
MOST = 50
"""Parts of one message, and entries of one list in a note."""
DEPTH = 6
"""Levels of lists and objects in a note."""


def limited(parts: Sequence[object]) -> tuple[Part, ...]:
    """The parts as they are kept; what is cut ends with an ellipsis, and what is left out is counted."""
    kept = tuple(_limited(part) for part in parts[:MOST])
    left = len(parts) - len(kept)
    return (*kept, Note(NoteKind.OTHER, {"text": f"sent {left} more parts"})) if left else kept


def cut(text: str, most: int) -> str:
    """At most so many characters of a text."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _limited(part: object) -> Part:
    match part:
        case Quoted():
            return replace(part, text=cut(part.text, QUOTE), author=cut(part.author, NAME))
        case Forwarded():
            return replace(part, text=cut(part.text, TEXT), author=cut(part.author, NAME))
        case Location():
            return replace(part, label=cut(part.label, LABEL), address=cut(part.address, LABEL))
        case Button():
            return replace(part, text=cut(part.text, LABEL), payload=cut(part.payload, LABEL))
        case Attachment():
            return replace(part, name=cut(part.name, LABEL), media_type=cut(part.media_type, NAME))
        case Note():
            return replace(part, data=_object(part.data, DEPTH))
        case _:  # a plugin that was written for another version of the contract
            return Note(NoteKind.UNSUPPORTED, {"type": type(part).__name__})


def _object(data: Mapping[Any, object], depth: int) -> dict[str, object]:
    return {cut(str(name), NAME): _value(value, depth - 1) for name, value in list(data.items())[:MOST]}


def _value(value: object, depth: int) -> object:
    """A value as JSON can hold it."""
    match value:
        case None | bool() | int():
            return value
        case float() if isfinite(value):
            return value
        case Mapping() if depth > 0:
            return _object(value, depth)
        case list() | tuple() | set() | frozenset() if depth > 0:
            entries = list(value)
            more = [f"… {len(entries) - MOST} more"] if len(entries) > MOST else []
            return [_value(entry, depth - 1) for entry in entries[:MOST]] + more
        case _:
            return cut(str(value), TEXT)
