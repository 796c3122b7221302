"""What the parsers of Telegram's markups keep while they read."""

from __future__ import annotations

from typing import Generic, TypeVar

from trinity_channels_telegram.simulator.entities import Entity

Opened = TypeVar("Opened")


class Parser(Generic[Opened]):
    """Where it stands in the source, the text so far, what is open (outermost first), and the entities that have ended."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._text = ""
        self._open: list[Opened] = []
        self._entities: list[Entity] = []
