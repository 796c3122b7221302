"""How long the oldest message has waited that is to be answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from trinity_channels.store.clock import moment
from trinity_channels.store.states import MessageState, TurnState
from trinity_channels.store.tables import MESSAGE, TURN
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.tx import Tx

# Each reads an index of what is open, which is short where messages are answered.
_WAITING = select(func.min(MESSAGE.c.received_at)).where(in_states(MESSAGE.c.state, MessageState.WAITING))
_BEGUN = select(func.min(func.coalesce(TURN.c.resubmitted_at, TURN.c.created_at))).where(
    in_states(TURN.c.state, TurnState.OPEN)
)


def oldest(tx: Tx) -> datetime | None:
    """Since when the oldest message waits whose turn has not ended; None if none does."""
    found = [at for at in (tx.scalar(_WAITING, int), tx.scalar(_BEGUN, int)) if at is not None]
    return moment(min(found)) if found else None
