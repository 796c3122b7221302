"""Reading JSON of any shape: the contract's readers under the names that they have here."""

from __future__ import annotations

from trinity_channels.api.http import Fields as Json
from trinity_channels.api.http import inner as object_of
from trinity_channels.api.http import objects
from trinity_channels.api.http import text as text_of

__all__ = ["Json", "object_of", "objects_of", "text_of"]


def objects_of(fields: object, name: str, most: int = 100) -> list[Json]:
    """The objects in a field that is a list, at most `most` of them."""
    return objects(fields, name, most)
