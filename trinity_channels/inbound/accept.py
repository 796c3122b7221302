"""Accept: one transaction that stores the events of an authentic request and names the work they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trinity_channels.api import (
    BindingState,
    Event,
    Following,
    Ignored,
    MessageChanged,
    MessageReceived,
    ReceiptReceived,
)
from trinity_channels.inbound.code_in_text import HIDDEN, hide
from trinity_channels.store import Tx, alerts, changes, inbox, notices, receipts

AGAIN_AFTER = timedelta(seconds=30)
"""When a message that the provider took and gave up for a passing reason is sent again."""
ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an accepted request changed.

    `outcome` is for the counter. `messages` are new (conversation and the provider's id), `notices` are what the owner has
    to act on, `states` are reports about the account.
    """

    outcome: str
    messages: tuple[tuple[int, str], ...]
    notices: tuple[Ignored, ...] = ()
    states: tuple[BindingState, ...] = ()


def leave_nothing(events: Sequence[Event]) -> bool:
    """Whether there is nothing to store of these events."""
    return all(isinstance(event, Ignored) and not event.detail for event in events)


def accept(tx: Tx, binding: int, events: Sequence[Event], now: datetime) -> Accepted:
    """Store events and wake the work they make; what was stored before has no effect."""
    messages: list[tuple[int, str]] = []
    told: list[Ignored] = []
    states: list[BindingState] = []
    outcome = "ignored"
    # One transaction for the whole request: a provider that is told of a failure sends all of it again.
    for event in events:
        if isinstance(event, MessageReceived):
            conversation = inbox.accept(tx, binding, event, now)
            # Providers deliver more than once; the second time has no effect, but is acknowledged like the first.
            outcome = "duplicate" if conversation is None else "accepted"
            if conversation is not None:
                messages.append((conversation, event.provider_id))
                tx.wake(f"turn:{conversation}")
        elif isinstance(event, ReceiptReceived):
            outcome = "receipt"
            conversation = receipts.apply(tx, binding, event, now, again_after=AGAIN_AFTER, attempts=ATTEMPTS)
            if conversation is not None:
                tx.wake(f"deliver:{conversation}")
        elif isinstance(event, MessageChanged):
            outcome = "changed" if changes.change(tx, binding, event, _corrected, now) else "ignored"
        elif isinstance(event, Following):
            outcome = "following" if changes.follow(tx, binding, event, now) else "ignored"
        elif isinstance(event, BindingState):
            outcome = "account"
            _note(tx, binding, event, now)
            states.append(event)
        # Ignored without a detail is nothing the owner could act on.
        elif isinstance(event, Ignored) and event.detail:
            outcome = "misdirected"
            notices.put(tx, binding, event.kind, event.detail, now)
            told.append(event)
    return Accepted(outcome, tuple(messages), tuple(told), tuple(states))


def _corrected(present: str, new: str) -> str:
    """The new text, without what was taken out of the present one: a code, which people correct around."""
    return hide(new) if HIDDEN in present else new


def _note(tx: Tx, binding: int, event: BindingState, now: datetime) -> None:
    """Raise or end the alert about an account; a repeated event changes nothing."""
    if event.works:
        alerts.clear(tx, binding, alerts.ACCOUNT, now)
    else:
        cause = event.message or f"The provider reports that the account does not work ({event.code})."
        fix = event.fix or "Look at the account in the provider's console, and enter the credentials again."
        alerts.put(tx, binding, alerts.ACCOUNT, cause, fix, now)
