"""What a look at a binding comes to, and who looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trinity_channels.store.bindings import StoredBinding


@dataclass(frozen=True, slots=True)
class Finding:
    """Something is wrong: a sentence that says what, and one that says how to fix it."""

    cause: str
    fix: str


Findings = Mapping[int, Finding | None]
"""By binding: what is wrong, or None where it works. Bindings of which nothing new is known are left out."""


class Look(Protocol):
    """One way of noticing that a channel does not work.

    `code` names its alerts. What a look with `is_consequence` notices may follow from what the others notice; then theirs is
    enough.
    """

    code: str
    is_consequence: bool

    async def look(self, connected: Sequence[StoredBinding], alerted: Mapping[int, datetime]) -> Findings:
        """What is new of the connected bindings; `alerted` says since when there has been an alert of this code."""
