"""One conversation as the owner reads it: both sides in order, what became of each message, what was decided."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, func, select

from trinity_channels.api import FailureKind, Part
from trinity_channels.store import access, parts, trials
from trinity_channels.store.access import AccessRequest
from trinity_channels.store.clock import moment
from trinity_channels.store.states import MessageState, OutboxState, TurnState
from trinity_channels.store.tables import ACCESS_REQUEST, BINDING, CONTACT, CONVERSATION, DELIVERY, MESSAGE, TURN
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.tx import Row, Tx

NEWEST = 2**63 - 1
"""A place behind every message."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a conversation is. `contact` and the fields behind it are those of the person, None and empty in a group."""

    id: int
    agent: str
    channel: str
    connected: bool
    address: str = field(repr=False)
    group: bool
    last_inbound_at: datetime
    contact: int | None
    name: str = field(repr=False)
    email: str | None = field(repr=False)
    email_source: str | None
    verified_at: datetime | None
    blocked_at: datetime | None
    opted_out: bool


@dataclass(frozen=True, slots=True)
class Sending:
    """One provider message that a message of ours was sent as; `text` is what the provider was given.

    `kind` says who can act if it failed, `resent_at` when an owner had it sent again.
    """

    id: int
    text: str = field(repr=False)
    state: OutboxState
    attempts: int
    code: str | None
    failure: str | None
    kind: FailureKind | None
    updated_at: datetime
    resent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Said:
    """A message of either side. `writer` is the name of the person who wrote it; `turn` is the run that it belongs to.

    `edited_at` and `unsent_at` are when the provider told that the person did so.
    """

    id: int
    origin: str
    writer: str = field(repr=False)
    text: str = field(repr=False)
    parts: tuple[Part, ...] = field(repr=False)
    at: datetime
    state: MessageState
    cleared: bool
    edited_at: datetime | None
    unsent_at: datetime | None
    turn: int | None
    sendings: tuple[Sending, ...]


@dataclass(frozen=True, slots=True)
class Parked:
    """A turn that failed and was not resubmitted."""

    id: int
    reason: str
    cause: str | None
    attempts: int
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class Log:
    """A page of a conversation, oldest message first.

    Attributes:
        said: the messages.
        parked: the failed turns of these messages, by id.
        requests: all access requests that were made in the conversation, oldest first.
        more: there are older messages.
    """

    heading: Heading
    said: tuple[Said, ...]
    parked: dict[int, Parked]
    requests: tuple[AccessRequest, ...]
    more: bool


_HEADING = (
    select(
        CONVERSATION.c.id,
        BINDING.c.agent,
        BINDING.c.channel,
        BINDING.c.disconnected_at,
        CONVERSATION.c.address,
        CONVERSATION.c.is_group,
        CONVERSATION.c.last_inbound_at,
        CONVERSATION.c.contact_id,
        CONTACT.c.name,
        CONTACT.c.email,
        CONTACT.c.email_source,
        CONTACT.c.verified_at,
        CONTACT.c.blocked_at,
        func.coalesce(CONTACT.c.stopped_at, CONTACT.c.unreachable_at).label("opted_out"),
    )
    .select_from(
        CONVERSATION.join(BINDING, BINDING.c.id == CONVERSATION.c.binding_id).outerjoin(
            CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id
        )
    )
    .where(
        CONVERSATION.c.id == bindparam("conversation"),
        BINDING.c.agent == bindparam("agent"),
        # A test is not a conversation: its page is the channel's. Nothing is left of erased contacts.
        ~CONVERSATION.c.key.startswith(trials.PREFIX),
        ~CONVERSATION.c.key.startswith("erased:"),
    )
)
_SAID = (
    select(
        MESSAGE.c.id,
        MESSAGE.c.origin,
        CONTACT.c.name,
        MESSAGE.c.text,
        MESSAGE.c.parts,
        MESSAGE.c.at,
        MESSAGE.c.state,
        MESSAGE.c.cleared_at,
        MESSAGE.c.edited_at,
        MESSAGE.c.unsent_at,
        MESSAGE.c.turn_id,
    )
    .select_from(MESSAGE.outerjoin(CONTACT, CONTACT.c.id == MESSAGE.c.contact_id))
    .where(MESSAGE.c.conversation_id == bindparam("conversation"), MESSAGE.c.id < bindparam("before"))
    .order_by(MESSAGE.c.id.desc())
    .limit(bindparam("most"))
)
# By the messages of the page and not by the ids of deliveries: those of a proactive message may be much younger.
_ON_PAGE = (
    MESSAGE.c.conversation_id == bindparam("conversation"),
    MESSAGE.c.id >= bindparam("first"),
    MESSAGE.c.id <= bindparam("last"),
)
_SENDINGS = (
    select(
        DELIVERY.c.id,
        DELIVERY.c.message_id,
        DELIVERY.c.text,
        DELIVERY.c.state,
        DELIVERY.c.attempts,
        DELIVERY.c.failure_code,
        DELIVERY.c.failure_kind,
        DELIVERY.c.failure,
        DELIVERY.c.updated_at,
        DELIVERY.c.resent_at,
    )
    .select_from(MESSAGE.join(DELIVERY, DELIVERY.c.message_id == MESSAGE.c.id))
    .where(*_ON_PAGE)
    .order_by(DELIVERY.c.id)
)
_PARKED = (
    select(TURN.c.id, TURN.c.reason, TURN.c.cause, TURN.c.attempts, TURN.c.updated_at)
    .select_from(MESSAGE.join(TURN, TURN.c.id == MESSAGE.c.turn_id))
    .where(*_ON_PAGE, in_states(MESSAGE.c.state, MessageState.FAILED), in_states(TURN.c.state, TurnState.FAILED))
    .distinct()
)
_REQUESTS = (
    select(ACCESS_REQUEST.c.id)
    .where(ACCESS_REQUEST.c.conversation_id == bindparam("conversation"))
    .order_by(ACCESS_REQUEST.c.requested_at)
)


def heading(tx: Tx, agent: str, conversation: int) -> Heading | None:
    """What a conversation is; None if the agent has none with this id."""
    row = tx.one(_HEADING, conversation=conversation, agent=agent)
    if row is None:
        return None
    return Heading(
        id=row.id,
        agent=row.agent,
        channel=row.channel,
        connected=row.disconnected_at is None,
        address=row.address,
        group=bool(row.is_group),
        last_inbound_at=moment(row.last_inbound_at),
        contact=row.contact_id,
        name=row.name or "",
        email=row.email,
        email_source=row.email_source,
        verified_at=moment(row.verified_at),
        blocked_at=moment(row.blocked_at),
        opted_out=row.opted_out is not None,
    )


def read(tx: Tx, agent: str, conversation: int, before: int, most: int) -> Log | None:
    """The newest `most` messages before one of a conversation; None if the agent has no such conversation."""
    head = heading(tx, agent, conversation)
    if head is None:
        return None
    # One more than is shown tells whether there are older ones.
    rows = tx.all(_SAID, conversation=conversation, before=before, most=most + 1)
    shown = rows[:most][::-1]
    page = {
        "conversation": conversation,
        "first": shown[0].id if shown else 0,
        "last": shown[-1].id if shown else 0,
    }
    sendings: dict[int, list[Sending]] = defaultdict(list)
    for row in tx.all(_SENDINGS, **page):
        sendings[row.message_id].append(_sending(row))
    requests = [access.any_request(tx, one) for one in tx.scalars(_REQUESTS, int, conversation=conversation)]
    return Log(
        heading=head,
        said=tuple(_said(row, tuple(sendings[row.id])) for row in shown),
        parked={row.id: _parked(row) for row in tx.all(_PARKED, **page)},
        requests=tuple(one for one in requests if one),
        more=len(rows) > most,
    )


def _said(row: Row, sendings: tuple[Sending, ...]) -> Said:
    return Said(
        id=row.id,
        origin=row.origin,
        writer=row.name or "",
        text=row.text,
        parts=parts.load(row.parts),
        at=moment(row.at),
        state=MessageState(row.state),
        cleared=row.cleared_at is not None,
        edited_at=moment(row.edited_at),
        unsent_at=moment(row.unsent_at),
        turn=row.turn_id,
        sendings=sendings,
    )


def _sending(row: Row) -> Sending:
    return Sending(
        id=row.id,
        text=row.text,
        state=OutboxState(row.state),
        attempts=row.attempts,
        code=row.failure_code,
        failure=row.failure,
        kind=FailureKind(row.failure_kind) if row.failure_kind else None,
        updated_at=moment(row.updated_at),
        resent_at=None if row.resent_at is None else moment(row.resent_at),
    )


def _parked(row: Row) -> Parked:
    return Parked(row.id, row.reason or "", row.cause, row.attempts, moment(row.updated_at))
