"""What stands after a piece of work in a conversation, for the loop that runs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from trinity_channels.inbound.attempt import Attempt
from trinity_channels.inbound.senders import Writer
from trinity_channels.store.conversation_state import ConversationState


@dataclass(frozen=True, slots=True)
class Following:
    """The conversation after a step or an attempt, or when to come back to it; neither if nothing is left.

    Attributes:
        state: as the transaction left it that recorded the work.
        at: the work cannot go on before this time.
        admitted: the gate has just admitted the open turn, so that its first attempt does not ask again.
        attempt: the first attempt at the open turn, which is on record and has to be made now.
        writers: who wrote what waits, where that was read with the state.
        remembered: when the state was taken from memory; None if it was read.
    """

    state: ConversationState | None = None
    at: datetime | None = None
    admitted: bool = False
    attempt: Attempt | None = None
    writers: Mapping[int, Writer] = field(default_factory=dict)
    remembered: datetime | None = None
