"""How late an answer may be: after an hour it says what it answers, after a day the owner decides about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from trinity_channels.api import Failure, FailureKind
from trinity_channels.limits import Limits
from trinity_channels.store.conversation_state import Message


class Lateness:
    """The operator's limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    @property
    def late(self) -> timedelta:
        """From this age on, an answer begins with what it refers to, or when it was written."""
        return self._limits.values.late

    @property
    def stale(self) -> timedelta:
        """From this age on, nothing is sent that the owner has not asked for."""
        return self._limits.values.stale

    def is_late(self, since: datetime, now: datetime) -> bool:
        """Whether what began to wait at `since` needs an explanation by now."""
        return now - since >= self.late

    def is_stale(self, since: datetime, now: datetime) -> bool:
        """Whether what began to wait at `since` is too old by now to be sent automatically."""
        return now - since >= self.stale

    def of_one_age(self, waiting: Sequence[Message], now: datetime) -> tuple[tuple[Message, ...], bool]:
        """The first messages that are all stale, or all not, and which of the two.

        A turn never mixes them: otherwise a message from before an outage would park the one that was just written.
        """
        if not waiting:
            return (), False
        stale = self.is_stale(waiting[0].waits_since, now)
        end = next(
            (place for place, one in enumerate(waiting) if self.is_stale(one.waits_since, now) is not stale), None
        )
        return tuple(waiting[:end]), stale

    def undelivered(self) -> Failure:
        """Why a message that waited to be sent was not."""
        sentence = f"It waited for more than {_spoken(self.stale)}, so it is left to the owner to send it."
        return Failure("too_late", FailureKind.OPERATOR, sentence)

    def parked(self) -> str:
        """Why a turn was not run, for the operator."""
        return f"the question waited for more than {_spoken(self.stale)}; resubmit it if it is still to be answered"


def _spoken(period: timedelta) -> str:
    hours = period / timedelta(hours=1)
    return f"{hours:g} hour" + "s" * (hours != 1)
