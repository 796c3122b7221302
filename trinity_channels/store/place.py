"""Where a page of a list ends whose entries are sorted by a time, the newest first: the next page begins behind it.

Unlike a number of entries to skip, it stays right while entries are added or move to the front.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from trinity_channels.store.clock import micros, moment

_MOST_DIGITS = 17
"""Fits into the database, and into a time."""


@dataclass(frozen=True, slots=True)
class Place:
    """The last entry of a page: its time, and its id among entries of the same time."""

    at: datetime
    id: int

    def __str__(self) -> str:
        """As addresses hold it."""
        return f"{micros(self.at)}-{self.id}"

    @classmethod
    def read(cls, text: str) -> Self:
        """The opposite of `str`.

        Raises:
            ValueError: it is not what `str` writes.
        """
        at, _, identity = text.partition("-")
        if not all(one.isascii() and one.isdecimal() and len(one) <= _MOST_DIGITS for one in (at, identity)):
            raise ValueError("is not from a page of this list")
        return cls(moment(int(at)), int(identity))
