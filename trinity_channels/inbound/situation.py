"""What a step of any kind is taken with: the moment and the channel, and what it finds besides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from trinity_channels.access.login import Guess
from trinity_channels.api import Channel
from trinity_channels.outbound.notices import Limit
from trinity_channels.store import Unit


@dataclass(frozen=True, slots=True)
class Situation:
    """When and where a step is taken.

    Attributes:
        manifest: of the channel.
        now: when the step was prepared.
        quiet: what waits is so old that it has its effect, and nothing is said about it.
        keeps: what the provider told about those who write, to be recorded before.
        remembered: when the state was taken from memory that the step was prepared for; None if it was read.
    """

    manifest: Channel
    now: datetime
    quiet: bool = False
    keeps: tuple[Unit[None], ...] = ()
    remembered: datetime | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """What a step finds besides, which is counted once it has been recorded.

    Attributes:
        guesses: what became of numbers that were compared with a code.
        withheld: the budgets for which something was not said.
    """

    guesses: list[Guess] = field(default_factory=list)
    withheld: list[Limit] = field(default_factory=list)

    def clear(self) -> None:
        """Forget it: the step is taken again, for a unit may run twice."""
        self.guesses.clear()
        self.withheld.clear()
