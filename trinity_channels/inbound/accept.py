"""Accept: one transaction that stores the events of an authentic request and names the work they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trinity_channels.api import Event, MessageReceived, ReceiptReceived
from trinity_channels.dispatch import Dispatcher
from trinity_channels.store import Tx, inbox, receipts

AGAIN_AFTER = timedelta(seconds=30)
"""When a message that the provider took and gave up for a passing reason is sent again."""
ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an accepted request changed: `outcome` for the counter, keys to wake, new messages by conversation."""

    outcome: str
    keys: tuple[str, ...]
    messages: tuple[tuple[int, str], ...]


def accept(tx: Tx, dispatcher: Dispatcher, binding: int, events: Sequence[Event], now: datetime) -> Accepted:
    """Store events; what was stored before has no effect."""
    keys: list[str] = []
    messages: list[tuple[int, str]] = []
    outcome = "ignored"
    for event in events:
        if isinstance(event, MessageReceived):
            conversation = inbox.accept(tx, binding, event, now)
            outcome = "duplicate" if conversation is None else "accepted"
            if conversation is not None:
                messages.append((conversation, event.provider_id))
                keys.append(f"turn:{conversation}")
        elif isinstance(event, ReceiptReceived):
            outcome = "receipt"
            conversation = receipts.apply(tx, binding, event, now, again_after=AGAIN_AFTER, attempts=ATTEMPTS)
            if conversation is not None:
                keys.append(f"deliver:{conversation}")
    for key in keys:
        dispatcher.wake(key, tx)
    return Accepted(outcome, tuple(keys), tuple(messages))
