"""Gathering: what arrives within a moment is one turn, because people and messengers send one thing in several pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trinity_channels.inbound.commands import Expecting, recognise
from trinity_channels.outbound.lateness import Lateness
from trinity_channels.store.conversation_state import ConversationState, Message

ALBUM = timedelta(seconds=1)
"""How long an album may stay without another piece: providers bring its photos one by one and never say how many."""
LONGEST = timedelta(seconds=5)
"""After which a turn begins although messages keep coming."""


def complete_at(burst: Sequence[Message], pause: timedelta, now: datetime) -> datetime | None:
    """When a burst is complete; None if it is complete now.

    Counted from when the pieces reached this host, not from when they were written: after a restart nothing is held up,
    and what a provider brings one by one after an outage still becomes one turn.

    Args:
        burst: the waiting messages that one turn would answer, oldest first.
        pause: how long to wait for more after each message; zero turns gathering off, except for albums.
        now: the present.
    """
    if not burst:
        return None
    newest = max(message.received_at + (max(ALBUM, pause) if message.album else pause) for message in burst)
    # Counted from the first piece, so that someone who never stops typing is answered, too.
    at = min(newest, burst[0].received_at + LONGEST)
    return at if now < at <= now + LONGEST else None  # further ahead: the clock was set back


@dataclass(frozen=True, slots=True)
class Bursts:
    """Which of the waiting messages are taken together, and when.

    Attributes:
        pause: how long to wait for more after the newest message.
        lateness: what happens to a question that has waited long.
    """

    pause: timedelta
    lateness: Lateness

    def complete_at(self, waiting: Sequence[Message], expecting: Expecting, now: datetime) -> datetime | None:
        """When what waits is complete; None if it is, or a command is among it: that one is answered at once."""
        if any(recognise(message, expecting) for message in waiting):
            return None
        return complete_at(waiting, self.pause, now)

    def of_one_age(self, state: ConversationState, now: datetime) -> tuple[ConversationState, bool]:
        """The conversation with only those of its waiting messages that are all stale, or all not; and which of the two."""
        waiting, stale = self.lateness.of_one_age(state.waiting, now)
        return (state if len(waiting) == len(state.waiting) else replace(state, waiting=waiting)), stale
