"""Deliveries: the next part to send, the mark before and the outcome after each call.

An outcome names the attempt that it is about and the state in which that was claimed, and finds no row in any other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, case, func, or_, select, update

from trinity_channels.api import DeliveryState, Failure, FailureKind, Receipt
from trinity_channels.store import disclosures, trials
from trinity_channels.store.clock import micros, moment
from trinity_channels.store.states import DELIVERIES, OPEN_DELIVERIES, TAKEN, OutboxState
from trinity_channels.store.tables import ADDRESS, BINDING, CONTACT, CONVERSATION, DELIVERY, MESSAGE
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.transitions import transition
from trinity_channels.store.tx import Tx

_IS_OPEN = in_states(DELIVERY.c.state, *OPEN_DELIVERIES)
_AT_THE_PROVIDER = frozenset({OutboxState.SENDING, OutboxState.RECONCILING})
"""The states in which the outcome of a call is awaited, and is recorded unless a receipt has told it before."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The message that a delivery answers, by the provider's id, and what came with it for that."""

    provider_id: str
    token: str | None = field(repr=False)
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One provider message that is not settled; read with the `state` sending, an attempt was cut short.

    `address` is where the conversation can be reached now, or where the attempt went that is asked about; empty if
    the address reaches no one any more. `blocked` is about the person, as the owner has it now. `origin` is that of the
    message it is a part of: agent, notice, proactive and so on. `opted_out`: the person wants no proactive messages.
    `waits_since`: when it was queued, or when an owner last had it sent again. `leads`: it is the first part of its message.
    `uid` is what the provider is told it is called, empty until it is attempted.
    """

    id: int
    conversation: int
    binding: int
    message: int
    address: str
    text: str = field(repr=False)
    state: OutboxState
    attempts: int
    next_at: datetime | None
    attempted_at: datetime | None
    pace: timedelta
    pace_shared: bool
    channel: str
    blocked: bool
    origin: str
    opted_out: bool
    created_at: datetime
    waits_since: datetime
    leads: bool
    uid: str
    answers: Answered | None = None


@dataclass(frozen=True, slots=True)
class Previous:
    """The delivery before, in the same conversation."""

    message: int
    state: OutboxState
    attempted_at: datetime | None


_OPEN_HERE = and_(DELIVERY.c.conversation_id == bindparam("conversation"), _IS_OPEN)
_ANSWERED = MESSAGE.alias("answered")
_NEXT = (
    select(
        DELIVERY.c.id,
        DELIVERY.c.binding_id,
        DELIVERY.c.message_id,
        # An address may change hands while a message waits, so it is only looked up when the message goes out.
        case((in_states(DELIVERY.c.state, OutboxState.READY), CONVERSATION.c.address), else_=DELIVERY.c.address).label(
            "address"
        ),
        DELIVERY.c.text,
        DELIVERY.c.state,
        DELIVERY.c.attempts,
        DELIVERY.c.next_at,
        DELIVERY.c.attempted_at,
        BINDING.c.pace,
        BINDING.c.pace_shared,
        BINDING.c.channel,
        CONTACT.c.blocked_at,
        MESSAGE.c.origin,
        # STOP, written to us or reported by the provider, means the same here.
        or_(CONTACT.c.stopped_at.is_not(None), CONTACT.c.unreachable_at.is_not(None)).label("opted_out"),
        DELIVERY.c.created_at,
        func.coalesce(DELIVERY.c.resent_at, DELIVERY.c.created_at).label("waits_since"),
        DELIVERY.c.uid,
        _ANSWERED.c.provider_id.label("answers"),
        _ANSWERED.c.reply_token,
        _ANSWERED.c.reply_until,
    )
    .select_from(
        DELIVERY.join(BINDING, BINDING.c.id == DELIVERY.c.binding_id)
        .join(CONVERSATION, CONVERSATION.c.id == DELIVERY.c.conversation_id)
        .join(MESSAGE, MESSAGE.c.id == DELIVERY.c.message_id)
        .outerjoin(CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id)
        .outerjoin(_ANSWERED, _ANSWERED.c.id == MESSAGE.c.answers_id)
    )
    .where(_OPEN_HERE)
    .order_by(DELIVERY.c.id)
    .limit(1)
)
_PREVIOUS = (
    select(DELIVERY.c.message_id, DELIVERY.c.state, DELIVERY.c.attempted_at)
    .where(DELIVERY.c.conversation_id == bindparam("conversation"), DELIVERY.c.id < bindparam("delivery"))
    .order_by(DELIVERY.c.id.desc())
    .limit(1)
)
# Bounded, for there is no index by binding: bindings with a pace have few messages.
_LAST_ATTEMPT = select(func.max(DELIVERY.c.attempted_at)).where(
    DELIVERY.c.binding_id == bindparam("binding"),
    DELIVERY.c.attempted_at <= bindparam("now"),  # the clock may have been set back
    DELIVERY.c.id > select(func.max(DELIVERY.c.id) - 1000).scalar_subquery(),
)
_SENDING = (
    transition({OutboxState.READY}, OutboxState.SENDING)
    .where(DELIVERY.c.id == bindparam("delivery"))
    .values(
        address=bindparam("address"),
        uid=bindparam("uid"),
        attempts=DELIVERY.c.attempts + 1,
        attempted_at=bindparam("now"),
        next_at=None,
        updated_at=bindparam("now"),
    )
)
NO_REASON = Failure("unknown", FailureKind.PERMANENT, "The provider gave no reason.")
NO_FAILURE = {"failure_code": None, "failure_kind": None, "failure": None}
"""What went wrong on the way is irrelevant once the message has arrived."""
# What a call came to may be recorded late: another process may have asked or sent again meanwhile. The number alone does not
# tell attempts apart, for it begins again when an owner has the message sent again.
_ATTEMPT = and_(
    DELIVERY.c.id == bindparam("delivery"),
    DELIVERY.c.attempts == bindparam("tried"),
    DELIVERY.c.attempted_at.is_not_distinct_from(bindparam("begun")),
)
# The same, and no one has recorded anything else of it since: what a call has not achieved says nothing of a later one.
_CLAIM = and_(
    _ATTEMPT,
    DELIVERY.c.state == bindparam("claimed"),
    DELIVERY.c.next_at.is_not_distinct_from(bindparam("due")),
)
_TAKEN = {
    reached: transition(DELIVERIES.origins(reached) - {OutboxState.READY}, reached)
    .where(_ATTEMPT)
    .values(provider_id=bindparam("provider_id"), next_at=None, updated_at=bindparam("now"), **NO_FAILURE)
    for reached in TAKEN
}
# A receipt has come before our own call returned: its state stands; if it asked for another try, its id does, too.
_NAME = (
    update(DELIVERY)
    .where(_ATTEMPT, in_states(DELIVERY.c.state, *TAKEN, OutboxState.FAILED))
    .values(provider_id=bindparam("provider_id"), updated_at=bindparam("now"))
)
_OUTCOME = {
    state: transition(_AT_THE_PROVIDER, state)
    .where(_CLAIM)
    .values(next_at=bindparam("at"), failure=bindparam("why"), updated_at=bindparam("now"))
    for state in (OutboxState.READY, OutboxState.RECONCILING, OutboxState.UNKNOWN)
}
_AWAITED = select(DELIVERY.c.id).where(
    _ATTEMPT, in_states(DELIVERY.c.state, OutboxState.SENDING, OutboxState.RECONCILING)
)
_WHY: dict[str, Any] = {
    "failure_code": bindparam("code"),
    "failure_kind": bindparam("kind"),
    "failure": bindparam("why"),
    "updated_at": bindparam("now"),
}
_MAY_FAIL = DELIVERIES.origins(OutboxState.FAILED)
_FAIL = transition(_MAY_FAIL, OutboxState.FAILED).where(DELIVERY.c.id == bindparam("delivery")).values(**_WHY)
_FAIL_CLAIMED = transition(_MAY_FAIL, OutboxState.FAILED).where(_CLAIM).values(**_WHY)
_FAIL_TAKEN = transition(_MAY_FAIL - {OutboxState.READY}, OutboxState.FAILED).where(_ATTEMPT).values(**_WHY)
_REST = select(DELIVERY.c.id).where(
    DELIVERY.c.message_id == bindparam("message"),
    DELIVERY.c.id > bindparam("delivery"),
    in_states(DELIVERY.c.state, OutboxState.READY),
)
_NOTE_FAILURE = (
    update(BINDING)
    .where(BINDING.c.id == bindparam("binding"))
    .values(send_failed_at=bindparam("now"), send_failure=bindparam("why"))
)
_NOTE_UNKNOWN = (
    update(BINDING)
    .where(
        BINDING.c.id == select(DELIVERY.c.binding_id).where(DELIVERY.c.id == bindparam("delivery")).scalar_subquery()
    )
    .values(send_failed_at=bindparam("now"), send_failure=bindparam("why"))
)
_OF_ONE_PERSON = frozenset({"blocked", "erased"})
"""Codes of failures that say nothing about the channel."""
_ORIGIN = select(MESSAGE.c.origin).where(MESSAGE.c.id == bindparam("message"))
_CLEAR_FAILURE = (
    update(BINDING)
    .where(BINDING.c.id == bindparam("binding"), BINDING.c.send_failed_at.is_not(None))
    .values(send_failed_at=None, send_failure=None)
)
# Not if the person has written since the attempt: then they can be reached again.
_OPTED_OUT = (
    update(CONTACT)
    .where(
        CONTACT.c.id
        == select(func.coalesce(CONVERSATION.c.contact_id, ADDRESS.c.contact_id))
        .select_from(
            DELIVERY.join(CONVERSATION, CONVERSATION.c.id == DELIVERY.c.conversation_id).outerjoin(
                ADDRESS,  # a test conversation has no contact
                and_(
                    ADDRESS.c.binding_id == DELIVERY.c.binding_id,
                    ADDRESS.c.value == DELIVERY.c.address,
                    CONVERSATION.c.is_group.is_(False),
                ),
            )
        )
        .where(
            DELIVERY.c.id == bindparam("delivery"),
            CONVERSATION.c.last_inbound_at <= func.coalesce(DELIVERY.c.attempted_at, bindparam("now")),
        )
        .scalar_subquery()
    )
    .values(unreachable_at=bindparam("now"))
)
_KNOWN = select(DELIVERY.c.provider_id).where(
    DELIVERY.c.conversation_id == bindparam("conversation"),
    DELIVERY.c.provider_id.is_not(None),
    DELIVERY.c.updated_at > bindparam("since"),  # not `created_at`: an old one may have been sent again
)
_FIRST_OPEN = select(DELIVERY.c.binding_id, DELIVERY.c.next_at).where(_OPEN_HERE).order_by(DELIVERY.c.id).limit(1)
_WITH_WORK = select(DELIVERY.c.conversation_id).where(_IS_OPEN).distinct()


def next_open(tx: Tx, conversation: int) -> tuple[Delivery, Previous | None] | None:
    """The first delivery of a conversation that is not settled, with the one before it."""
    row = tx.one(_NEXT, conversation=conversation)
    if row is None:
        return None
    before = tx.one(_PREVIOUS, conversation=conversation, delivery=row.id)
    delivery = Delivery(
        id=row.id,
        conversation=conversation,
        binding=row.binding_id,
        message=row.message_id,
        address=row.address,
        text=row.text,
        state=OutboxState(row.state),
        attempts=row.attempts,
        next_at=moment(row.next_at),
        attempted_at=moment(row.attempted_at),
        pace=timedelta(microseconds=row.pace),
        pace_shared=bool(row.pace_shared),
        channel=row.channel,
        blocked=row.blocked_at is not None,
        origin=row.origin,
        opted_out=bool(row.opted_out),
        created_at=moment(row.created_at),
        waits_since=moment(row.waits_since),
        leads=before is None or before.message_id != row.message_id,
        uid=row.uid or "",
        answers=Answered(row.answers, row.reply_token, moment(row.reply_until)) if row.answers else None,
    )
    if before is None:
        return delivery, None
    return delivery, Previous(before.message_id, OutboxState(before.state), moment(before.attempted_at))


def last_attempt(tx: Tx, binding: int, now: datetime) -> datetime | None:
    """When a binding last sent anything, to anyone."""
    return tx.scalar(_LAST_ATTEMPT, moment, binding=binding, now=micros(now))


def mark_sending(tx: Tx, delivery: Delivery, now: datetime) -> None:
    """Record that the provider is about to be called, and for which address and by which id."""
    tx.run(_SENDING, delivery=delivery.id, address=delivery.address, uid=delivery.uid, now=micros(now))


def taken(tx: Tx, delivery: Delivery, receipt: Receipt, now: datetime) -> None:
    """The provider took the message. Of no effect once another attempt has begun, as is all that follows here."""
    if receipt.state is DeliveryState.FAILED:
        failure = receipt.failure or NO_REASON
        if tx.run(_FAIL_TAKEN, **_attempt(delivery), **_why(failure, now)):
            _failed(tx, delivery.id, delivery.message, delivery.binding, failure, now)
        return
    values = {**_attempt(delivery), "provider_id": receipt.provider_id, "now": micros(now)}
    if not tx.run(_TAKEN[OutboxState(receipt.state)], **values):
        tx.run(_NAME, **values)
    # One that goes through shows that the channel works again.
    tx.run(_CLEAR_FAILURE, binding=delivery.binding)


def postpone(tx: Tx, delivery: Delivery, at: datetime, why: str, now: datetime) -> None:
    """Certainly not taken: try again at `at`."""
    tx.run(_OUTCOME[OutboxState.READY], **_claim(delivery), at=micros(at), why=why, now=micros(now))


def reconcile(tx: Tx, delivery: Delivery, at: datetime, why: str, now: datetime) -> None:
    """It may have been taken: ask the provider at `at`."""
    tx.run(_OUTCOME[OutboxState.RECONCILING], **_claim(delivery), at=micros(at), why=why, now=micros(now))


def park_unknown(tx: Tx, delivery: Delivery, why: str, now: datetime) -> None:
    """It may have been taken, which cannot be checked: leave it, never replay it blindly."""
    if not tx.run(_OUTCOME[OutboxState.UNKNOWN], **_claim(delivery), at=None, why=why, now=micros(now)):
        return  # a receipt has told it meanwhile
    disclosures.undone(tx, delivery.id)
    tx.run(
        _NOTE_UNKNOWN,
        delivery=delivery.id,
        why=f"it may have arrived, and the provider cannot say: {why}",
        now=micros(now),
    )


def fail(tx: Tx, delivery: Delivery, failure: Failure, now: datetime) -> None:
    """It will never be taken. What was to follow in the same message is given up too: half an answer misleads."""
    if tx.run(_FAIL_CLAIMED, **_claim(delivery), **_why(failure, now)):
        _failed(tx, delivery.id, delivery.message, delivery.binding, failure, now)


def give_up(tx: Tx, delivery: int, message: int, binding: int, failure: Failure, now: datetime) -> None:
    """The same, for callers that have read these ids of a delivery in the same transaction, whatever its state is."""
    if tx.run(_FAIL, delivery=delivery, **_why(failure, now)):
        _failed(tx, delivery, message, binding, failure, now)


def is_awaited(tx: Tx, delivery: Delivery) -> bool:
    """Whether the outcome of an attempt is still to be recorded."""
    return tx.one(_AWAITED, **_attempt(delivery)) is not None


def _failed(tx: Tx, delivery: int, message: int, binding: int, failure: Failure, now: datetime) -> None:
    """What follows when a delivery has failed."""
    disclosures.undone(tx, delivery)
    # Each part has a reason of its own, for the owner sees them one by one.
    follow = Failure(failure.code, failure.kind, f"An earlier part failed: {failure.message}")
    for rest in tx.scalars(_REST, int, message=message, delivery=delivery):
        tx.run(_FAIL, delivery=rest, **_why(follow, now))
    if failure.opted_out:
        tx.run(_OPTED_OUT, delivery=delivery, now=micros(now))
    if _is_of_the_channel(tx, message, failure):
        tx.run(_NOTE_FAILURE, binding=binding, why=f"{failure.code}: {failure.message}", now=micros(now))


def _attempt(delivery: Delivery) -> dict[str, Any]:
    return {"delivery": delivery.id, "tried": delivery.attempts, "begun": micros(delivery.attempted_at)}


def _claim(delivery: Delivery) -> dict[str, Any]:
    return {**_attempt(delivery), "claimed": delivery.state.value, "due": micros(delivery.next_at)}


def _why(failure: Failure, now: datetime) -> dict[str, Any]:
    return {"code": failure.code, "kind": failure.kind.value, "why": failure.message, "now": micros(now)}


def _is_of_the_channel(tx: Tx, message: int, failure: Failure) -> bool:
    """Whether a failure says that the channel does not work, for other people too."""
    if failure.kind is FailureKind.RECIPIENT or failure.code in _OF_ONE_PERSON or failure.opted_out:
        return False
    # A test goes to an address that someone has typed: most of its failures say nothing about the channel.
    return failure.kind in trials.OF_THE_CHANNEL or tx.scalar(_ORIGIN, str, message=message) != trials.ORIGIN


def known_ids(tx: Tx, conversation: int, since: datetime) -> set[str]:
    """Provider ids that deliveries of a conversation already have."""
    return set(tx.scalars(_KNOWN, str, conversation=conversation, since=micros(since)))


def remain(tx: Tx, conversation: int) -> bool:
    """Whether a conversation has deliveries that are not settled."""
    return tx.one(_FIRST_OPEN, conversation=conversation) is not None


def due_binding(tx: Tx, conversation: int, now: datetime) -> int | None:
    """The binding of the delivery that is next in a conversation; None if none is due."""
    row = tx.one(_FIRST_OPEN, conversation=conversation)
    return row.binding_id if row and (row.next_at or 0) <= micros(now) else None


def with_work(tx: Tx) -> set[int]:
    """Conversations with deliveries that are not settled."""
    return set(tx.scalars(_WITH_WORK, int))
