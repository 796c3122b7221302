"""What an operator can set about turns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from trinity_channels.outbound.lateness import Lateness
from trinity_channels.outbound.notices import Budget


@dataclass(frozen=True, slots=True)
class TurnRules:
    """How turns are run.

    Attributes:
        most: how many agents may run at once.
        gather: how long a turn waits for more after its newest message.
        lateness: what happens to a question that has waited long.
        budget: how much the host itself says in an hour.
    """

    most: int
    gather: timedelta
    lateness: Lateness
    budget: Budget
