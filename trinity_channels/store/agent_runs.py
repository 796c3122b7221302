"""How an agent fares, from its turns: what is parked or tried again, why, and when a turn last came to its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, exists, func, select

from trinity_channels.store.clock import moment
from trinity_channels.store.states import MessageState, TurnState
from trinity_channels.store.tables import BINDING, MESSAGE, TURN
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.tx import Row, Tx


@dataclass(frozen=True, slots=True)
class Trouble:
    """A turn that is not answered. `next_at` is when it is tried again; None for a parked one."""

    turn: int
    at: datetime
    reason: str = field(repr=False)
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class AgentRuns:
    """How the agent of one binding fares.

    Attributes:
        parked: how many turns wait for the operator's decision because the agent failed.
        retried: how many are tried again by themselves.
        trouble: the newest of both.
        answered_at: when a turn last ended as it should, with an answer or deliberate silence.
        recovered: that was after the trouble.
        left: how many turns wait for the operator's decision though the agent did not fail, such as those that came late.
        last_left: the newest of them.
    """

    parked: int = 0
    retried: int = 0
    trouble: Trouble | None = None
    answered_at: datetime | None = None
    recovered: bool = False
    left: int = 0
    last_left: Trouble | None = None


_COLUMNS = (TURN.c.id, TURN.c.updated_at, TURN.c.reason, TURN.c.next_at)
_IS_FAILED = in_states(TURN.c.state, TurnState.FAILED)
_IS_OPEN = in_states(TURN.c.state, TurnState.OPEN)
_NEWEST_FIRST = (TURN.c.updated_at.desc(), TURN.c.id.desc())
# Turns of people who were erased can only be forgotten.
_PARKED = (
    _IS_FAILED,
    TURN.c.binding_id == bindparam("binding"),
    exists().where(MESSAGE.c.turn_id == TURN.c.id, in_states(MESSAGE.c.state, MessageState.FAILED)),
)
_BY_AGENT = (*_PARKED, TURN.c.cause.is_(None))
_LEFT = (*_PARKED, TURN.c.cause.is_not(None))
# One that waits without a reason is at work at its agent.
_IS_RETRIED = (_IS_OPEN, TURN.c.next_at.is_not(None), TURN.c.reason.is_not(None))
_RETRIED = (*_IS_RETRIED, TURN.c.binding_id == bindparam("binding"))

_COUNT_PARKED = select(func.count()).where(*_BY_AGENT)
_COUNT_LEFT = select(func.count()).where(*_LEFT)
_COUNT_RETRIED = select(func.count()).where(*_RETRIED)
_NEWEST_LEFT = select(*_COLUMNS).where(*_LEFT).order_by(*_NEWEST_FIRST).limit(1)
_NEWEST_PARKED = select(*_COLUMNS).where(*_BY_AGENT).order_by(*_NEWEST_FIRST).limit(1)
_NEWEST_RETRIED = select(*_COLUMNS).where(*_RETRIED).order_by(*_NEWEST_FIRST).limit(1)

_LAST_ANSWERED = (
    select(TURN.c.updated_at, TURN.c.id)
    .where(
        TURN.c.binding_id == bindparam("binding"),
        in_states(TURN.c.state, TurnState.DONE),
        # A withdrawn turn is done, too, but no agent has run; it has a reason.
        TURN.c.reason.is_(None),
    )
    .order_by(*_NEWEST_FIRST)
    .limit(1)
)

_NEWEST_RUN = (
    select(TURN.c.run)
    .join(BINDING, BINDING.c.id == TURN.c.binding_id)
    .where(
        BINDING.c.agent == bindparam("agent"),
        in_states(TURN.c.state, TurnState.DONE),
        TURN.c.reason.is_(None),
        TURN.c.run.is_not(None),
    )
    .order_by(*_NEWEST_FIRST)
    .limit(1)
)

_OF_CONTACT = exists().where(
    MESSAGE.c.turn_id == TURN.c.id,
    MESSAGE.c.contact_id == bindparam("contact"),
    in_states(MESSAGE.c.state, MessageState.FAILED, MessageState.ANSWERING),
)
_PARKED_OF_CONTACT = select(*_COLUMNS).where(_IS_FAILED, _OF_CONTACT).order_by(*_NEWEST_FIRST).limit(1)
_RETRIED_OF_CONTACT = select(*_COLUMNS).where(*_IS_RETRIED, _OF_CONTACT).order_by(*_NEWEST_FIRST).limit(1)


def of_binding(tx: Tx, binding: int) -> AgentRuns:
    """How the agent fares on a binding."""
    rows = [row for one in (_NEWEST_PARKED, _NEWEST_RETRIED) if (row := tx.one(one, binding=binding))]
    # Whichever is newer: the cause of the last failure is what the operator can act on.
    newest = max(rows, key=_order, default=None)
    answered = tx.one(_LAST_ANSWERED, binding=binding)
    left = tx.one(_NEWEST_LEFT, binding=binding)
    return AgentRuns(
        parked=tx.number(_COUNT_PARKED, binding=binding),
        retried=retried(tx, binding),
        trouble=_trouble(newest) if newest else None,
        answered_at=moment(answered.updated_at) if answered else None,
        # Compared by id where the times are equal: microseconds do not tell two turns of one transaction apart.
        recovered=bool(newest and answered and _order(answered) > _order(newest)),
        left=tx.number(_COUNT_LEFT, binding=binding),
        last_left=_trouble(left) if left else None,
    )


def answered_at(tx: Tx, binding: int) -> datetime | None:
    """When the agent last answered on a binding."""
    answered = tx.one(_LAST_ANSWERED, binding=binding)
    return moment(answered.updated_at) if answered else None


def newest(tx: Tx, agent: str) -> str | None:
    """What the agent's runtime calls the run that answered last."""
    return tx.scalar(_NEWEST_RUN, str, agent=agent)


def retried(tx: Tx, binding: int) -> int:
    """How many turns of one binding are tried again by themselves."""
    return tx.number(_COUNT_RETRIED, binding=binding)


def of_contact(tx: Tx, contact: int) -> list[Trouble]:
    """The newest turn with a message of a contact that is tried again, and the newest that is parked."""
    rows = (tx.one(one, contact=contact) for one in (_RETRIED_OF_CONTACT, _PARKED_OF_CONTACT))
    return [_trouble(row) for row in rows if row]


def _order(row: Row) -> tuple[int, int]:
    return row.updated_at, row.id


def _trouble(row: Row) -> Trouble:
    return Trouble(row.id, moment(row.updated_at), row.reason or "", moment(row.next_at))
