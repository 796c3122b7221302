"""What a step rests on, found again in the transaction that records it; and what the step came to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from trinity_channels.store.conversation_state import Contact, ConversationState, Message, OpenTurn


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken.

    Attributes:
        turn: the turn that it has opened.
        left: what still waits of the messages that the step looked at, if it has opened a turn.
        goes_on: whether there may be more to do before someone writes or decides.
    """

    turn: OpenTurn | None = None
    left: tuple[Message, ...] = ()
    goes_on: bool = True


def found_again(
    before: ConversationState, fresh: ConversationState, *, settled: bool = False
) -> ConversationState | None:
    """The state of now for a step that was prepared on the state `before`; None if the step has to be prepared again.

    Messages that have come since are left to the next step. A step that is `settled` has acted outside already, and to
    prepare it again would do so twice: only the loss of its messages ends it.
    """
    if not still_waits(before, fresh):
        return None
    # While the provider was asked, the owner may have changed the policy, or had a parked turn tried again.
    if not settled and (fresh.turn or not fresh.connected or _asked(fresh) != _asked(before)):
        return None
    count = len(before.waiting)
    return fresh if len(fresh.waiting) == count else replace(fresh, waiting=fresh.waiting[:count])


def _asked(state: ConversationState) -> tuple[object, object]:
    """What the directory was asked about; the agent may have been renamed meanwhile."""
    return state.agent, state.policies


def still_waits(before: ConversationState, fresh: ConversationState) -> bool:
    """Whether the messages that waited in the state `before` do so now, perhaps with others behind them."""
    waiting = fresh.waiting[: len(before.waiting)]
    return [message.id for message in waiting] == [message.id for message in before.waiting]


def lacks(before: ConversationState, fresh: ConversationState, remembered: datetime | None) -> bool:
    """Whether a state that was taken from memory at a time lacked messages that waited then: another process knew of them.

    What has come since is left to the next step, as if the state had been read.
    """
    newer = fresh.waiting[len(before.waiting) :]
    return remembered is not None and any(message.received_at < remembered for message in newer)


def decides(contact: Contact) -> tuple[str | None, bool, bool, bool]:
    """What the gate and the commands look at in a contact."""
    return contact.email, contact.blocked, contact.signed_out, contact.stopped
