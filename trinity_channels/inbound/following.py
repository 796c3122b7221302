"""What stands after a piece of work in a conversation, for the loop that runs them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trinity_channels.store.conversation_state import ConversationState


@dataclass(frozen=True, slots=True)
class Following:
    """The conversation after a step or an attempt, or when to come back to it; neither if nothing is left.

    Attributes:
        state: as the transaction left it that recorded the work.
        at: the work cannot go on before this time.
        admitted: the gate has just admitted the open turn, so that its first attempt does not ask again.
    """

    state: ConversationState | None = None
    at: datetime | None = None
    admitted: bool = False
