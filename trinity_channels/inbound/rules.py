"""What an operator can set about turns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class TurnRules:
    """How turns are run.

    Attributes:
        most: how many agents may run at once.
        gather: how long a turn waits for more after its newest message.
    """

    most: int
    gather: timedelta
