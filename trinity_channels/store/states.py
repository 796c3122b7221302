"""The states of messages, turns and deliveries, and which may follow which.

A row begins in one of its table's first states and moves along the transitions named here, never otherwise: statements
that set a state are made by `store.transitions`, which refuses all others. The values are what the database holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

State = TypeVar("State", bound=StrEnum)


class MessageState(StrEnum):
    """What becomes of a message.

    Attributes:
        WAITING: it was accepted, and no step has been taken with it.
        HELD: its writer may not use the agent yet; it is answered once the gate opens.
        ANSWERING: an open turn is about it.
        ANSWERED: the agent has seen it, or has written it. These messages are the history that an agent is given.
        NOTICE: the host itself has written it; no agent sees it.
        HANDLED: it was a command, and was obeyed; no agent sees it.
        FAILED: its turn failed; the owner can have it answered after all.
        DROPPED: it is not answered, and what it said is removed.
        EXPIRED: it was held or failed for so long that what it said is removed.
        ERASED: its person was erased, and with them what it said.
    """

    WAITING = "waiting"
    HELD = "held"
    ANSWERING = "answering"
    ANSWERED = "answered"
    NOTICE = "notice"
    HANDLED = "handled"
    FAILED = "failed"
    DROPPED = "dropped"
    EXPIRED = "expired"
    ERASED = "erased"


class TurnState(StrEnum):
    """How far a turn has come.

    Attributes:
        OPEN: it is being tried, or will be tried again.
        DONE: it has ended: answered, or given back because its person may not use the agent any more.
        FAILED: it is parked for the owner, who can resubmit it.
    """

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


class OutboxState(StrEnum):
    """How far a delivery has come. `api.DeliveryState` has those of them that a provider reports.

    Attributes:
        READY: it waits to be sent, for the first time or again.
        SENDING: the provider is being called; the mark is on record before the call.
        RECONCILING: the call may have taken effect; the provider is asked whether it has.
        QUEUED: the provider has taken it.
        SENT: it has left the provider.
        DELIVERED: it has reached the person's device.
        READ: the person has seen it.
        FAILED: it will not arrive; parked, the owner can have it sent again.
        UNKNOWN: it may have arrived, and the provider cannot say; parked likewise.
    """

    READY = "ready"
    SENDING = "sending"
    RECONCILING = "reconciling"
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Lifecycle(Generic[State]):
    """The states that a row may begin in, and those that may follow each."""

    begins: frozenset[State]
    follows: Mapping[State, frozenset[State]]

    def origins(self, target: State) -> frozenset[State]:
        """The states that may become `target`."""
        return frozenset(state for state, targets in self.follows.items() if target in targets)


_M, _T, _O = MessageState, TurnState, OutboxState
TAKEN = (_O.QUEUED, _O.SENT, _O.DELIVERED, _O.READ)
"""How far a delivery gets that the provider has taken, in this order; receipts move it on, never back."""
OPEN_DELIVERIES = frozenset({_O.READY, _O.SENDING, _O.RECONCILING})
"""The states in which the host has something to do for a delivery."""
PARKED_DELIVERIES = frozenset({_O.FAILED, _O.UNKNOWN})
"""The states in which nothing more happens until someone sends the delivery again."""

MESSAGES: Lifecycle[MessageState] = Lifecycle(
    begins=frozenset({_M.WAITING, _M.ANSWERED, _M.NOTICE}),
    follows={
        _M.WAITING: frozenset({_M.HELD, _M.ANSWERING, _M.HANDLED, _M.DROPPED, _M.ERASED}),
        _M.HELD: frozenset({_M.WAITING, _M.DROPPED, _M.EXPIRED, _M.ERASED}),
        _M.ANSWERING: frozenset({_M.ANSWERED, _M.FAILED, _M.WAITING, _M.ERASED}),
        _M.ANSWERED: frozenset({_M.ERASED}),
        _M.NOTICE: frozenset({_M.ERASED}),
        _M.HANDLED: frozenset({_M.ERASED}),
        _M.FAILED: frozenset({_M.ANSWERING, _M.DROPPED, _M.EXPIRED, _M.ERASED}),
        _M.DROPPED: frozenset({_M.ERASED}),
        _M.EXPIRED: frozenset({_M.ERASED}),
        _M.ERASED: frozenset(),
    },
)
TURNS: Lifecycle[TurnState] = Lifecycle(
    begins=frozenset({_T.OPEN}),
    follows={
        _T.OPEN: frozenset({_T.DONE, _T.FAILED}),
        _T.DONE: frozenset(),
        _T.FAILED: frozenset({_T.OPEN}),
    },
)
# A receipt may come before our own call has returned, and after it was parked; so what a receipt says may follow them all.
DELIVERIES: Lifecycle[OutboxState] = Lifecycle(
    begins=frozenset({_O.READY}),
    follows={
        _O.READY: frozenset({_O.SENDING, _O.FAILED, *TAKEN}),
        _O.SENDING: frozenset({_O.READY, _O.RECONCILING, _O.FAILED, _O.UNKNOWN, *TAKEN}),
        _O.RECONCILING: frozenset({_O.READY, _O.FAILED, _O.UNKNOWN, *TAKEN}),
        _O.QUEUED: frozenset({_O.SENT, _O.DELIVERED, _O.READ, _O.READY, _O.FAILED}),
        _O.SENT: frozenset({_O.DELIVERED, _O.READ, _O.READY, _O.FAILED}),
        _O.DELIVERED: frozenset({_O.READ}),
        _O.READ: frozenset(),
        _O.FAILED: frozenset({_O.READY}),
        _O.UNKNOWN: frozenset({_O.RECONCILING, _O.READY, _O.FAILED, *TAKEN}),
    },
)


def in_order(states: Iterable[State]) -> list[State]:
    """States in the order of their definition: SQLite takes a partial index only for a condition that lists them alike."""
    return sorted(states, key=lambda state: [*type(state).__members__.values()].index(state))
