"""Deliveries that may be sent again: what decides whether they are, and the one statement that opens them again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, literal_column, or_, select

from trinity_channels.store import trials
from trinity_channels.store.clock import micros, moment
from trinity_channels.store.deliveries import NO_FAILURE
from trinity_channels.store.states import PARKED_DELIVERIES, OutboxState
from trinity_channels.store.tables import BINDING, CONTACT, CONVERSATION, DELIVERY, MESSAGE
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.transitions import transition
from trinity_channels.store.tx import Row, Tx


@dataclass(frozen=True, slots=True)
class Candidate:
    """A delivery to be resent, with everything that decides about it.

    `origin`: what the message is, as in `delivery_log.Sent`. `erased`: the text is gone. `reachable`: the conversation
    still has an address. `last_inbound_at`: when the person, or someone in the group, last wrote. `opted_out`: the person
    wants no such message, or cannot be written to.
    """

    id: int
    message: int
    conversation: int
    agent: str
    channel: str
    state: OutboxState
    code: str | None
    origin: str
    erased: bool
    reachable: bool
    last_inbound_at: datetime
    connected: bool
    blocked: bool
    opted_out: bool


_CANDIDATE = select(
    DELIVERY.c.id,
    DELIVERY.c.message_id,
    DELIVERY.c.conversation_id,
    BINDING.c.agent,
    BINDING.c.channel,
    DELIVERY.c.state,
    DELIVERY.c.failure_code,
    MESSAGE.c.origin,
    (DELIVERY.c.text == literal_column("''")).label("erased"),
    (CONVERSATION.c.address != literal_column("''")).label("reachable"),
    CONVERSATION.c.last_inbound_at,
    BINDING.c.disconnected_at,
    CONTACT.c.blocked_at,
    or_(
        CONTACT.c.unreachable_at.is_not(None),
        # What was said since is an answer: after STOP people can still ask.
        CONTACT.c.stopped_at >= DELIVERY.c.created_at,
        and_(CONTACT.c.stopped_at.is_not(None), MESSAGE.c.origin == literal_column("'proactive'")),
    ).label("opted_out"),
).select_from(
    DELIVERY.join(BINDING, BINDING.c.id == DELIVERY.c.binding_id)
    .join(CONVERSATION, CONVERSATION.c.id == DELIVERY.c.conversation_id)
    .join(MESSAGE, MESSAGE.c.id == DELIVERY.c.message_id)
    .outerjoin(CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id)
)
_BY_ID = _CANDIDATE.where(DELIVERY.c.id == bindparam("delivery"))
_FAILED = _CANDIDATE.where(
    BINDING.c.agent == bindparam("agent"),
    in_states(DELIVERY.c.state, *PARKED_DELIVERIES),  # for the index `delivery_parked`
    in_states(DELIVERY.c.state, OutboxState.FAILED),
    MESSAGE.c.origin != trials.ORIGIN,
).order_by(DELIVERY.c.id)
_PARTS = select(DELIVERY.c.id, DELIVERY.c.state).where(DELIVERY.c.message_id == bindparam("message"))
_PARTS = _PARTS.order_by(DELIVERY.c.id)
# The provider's id stays, so that receipts of the attempt that failed are told from those of the next.
_AGAIN: dict[str, object] = {
    "attempts": 0,
    "next_at": None,
    "updated_at": bindparam("now"),
    "resent_at": bindparam("now"),
    **NO_FAILURE,
}
_REOPEN = (
    transition({OutboxState.FAILED}, OutboxState.READY)
    .where(DELIVERY.c.message_id == bindparam("message"))
    # A message of its own for the provider, which may have taken the one before, and judges it once.
    .values(uid=None, **_AGAIN)
)
_RECONCILE = (
    transition({OutboxState.UNKNOWN}, OutboxState.RECONCILING)
    .where(DELIVERY.c.id == bindparam("delivery"))
    .values(**_AGAIN)
)


def candidate(tx: Tx, delivery: int) -> Candidate | None:
    """One delivery in whatever state it is, None if there is none with this id."""
    row = tx.one(_BY_ID, delivery=delivery)
    return None if row is None else _candidate(row)


def failed(tx: Tx, agent: str) -> list[Candidate]:
    """Every failed delivery of an agent, oldest first."""
    return [_candidate(row) for row in tx.all(_FAILED, agent=agent)]


def parts(tx: Tx, message: int) -> list[tuple[int, OutboxState]]:
    """Id and state of the deliveries that a message was split into, in order."""
    return [(row.id, OutboxState(row.state)) for row in tx.all(_PARTS, message=message)]


def reopen(tx: Tx, message: int, delivery: int, now: datetime) -> bool:
    """Queue every failed part of a message again, and `delivery` also if its outcome is unknown.

    Each has all its attempts again. What is unknown is asked for first; with no attempt counted it is sent, too, if the
    provider cannot tell. Returns False if there was nothing in these states.
    """
    reopened = tx.run(_REOPEN, message=message, now=micros(now))
    return reopened + tx.run(_RECONCILE, delivery=delivery, now=micros(now)) > 0


def _candidate(row: Row) -> Candidate:
    return Candidate(
        id=row.id,
        message=row.message_id,
        conversation=row.conversation_id,
        agent=row.agent,
        channel=row.channel,
        state=OutboxState(row.state),
        code=row.failure_code,
        origin=row.origin,
        erased=bool(row.erased),
        reachable=bool(row.reachable),
        last_inbound_at=moment(row.last_inbound_at),
        connected=row.disconnected_at is None,
        blocked=row.blocked_at is not None,
        opted_out=bool(row.opted_out),
    )
