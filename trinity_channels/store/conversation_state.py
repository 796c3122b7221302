"""Conversation states: everything that decides what happens next in a conversation, read at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, and_, bindparam, exists, func, literal_column, or_, select, true

from trinity_channels.api import Part
from trinity_channels.store import parts
from trinity_channels.store.clock import micros, moment
from trinity_channels.store.states import MessageState, TurnState
from trinity_channels.store.tables import BINDING, CONTACT, CONVERSATION, MESSAGE, POLICY, TURN
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.tx import Row, Tx

HISTORY = 20


@dataclass(frozen=True, slots=True)
class Contact:
    """The contact of a direct conversation."""

    id: int
    name: str
    email: str | None
    email_source: str | None
    signed_out: bool
    blocked: bool
    stopped: bool
    resolved_at: datetime | None
    prompted_at: datetime | None
    pending_told_at: datetime | None
    limit_told_at: datetime | None
    hinted_at: datetime | None
    awaited_told_at: datetime | None
    pointed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message of a person or the agent.

    `at` is when it was written, `received_at` when it reached this host. `waits_since` is the time from which an answer
    is late: when it was written, or when the gate opened for it.
    """

    id: int
    text: str = field(repr=False)
    parts: tuple[Part, ...] = field(repr=False)
    at: datetime
    by_agent: bool
    provider_id: str | None
    opt_out: str | None
    album: str | None
    contact: int | None
    received_at: datetime
    waits_since: datetime
    name: str = field(repr=False)
    email: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenTurn:
    """A turn that was begun and has not ended.

    `waits_since` is that of its oldest message, or when it was resubmitted. `writer` is the contact who wrote to the agent,
    in a group one of them. `run` is what the agent's runtime calls a run that goes on since `run_at`, None if there is none.
    """

    id: int
    key: str
    attempts: int
    retries: int
    next_at: datetime | None
    waits_since: datetime
    writer: int
    run: str | None = None
    run_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConversationState:
    """Everything that decides what happens next in a conversation.

    `held`: messages are held until the gate opens. `needs_turn`: something else than
    a message calls for a step, such as an owner's decision. `disclosed_at`: when it was last told that an AI agent answers.
    """

    conversation: int
    binding: int
    agent: str
    channel: str
    address: str
    group: bool
    last_inbound_at: datetime
    connected: bool
    policies: tuple[str, str] | None
    contact: Contact | None
    turn: OpenTurn | None
    waiting: tuple[Message, ...]
    held: bool
    needs_turn: bool
    disclosed_at: datetime | None
    key: str = ""

    @property
    def named_by_plugin(self) -> str | None:
        """`MessageReceived.conversation` of the messages here; None for the one direct chat with its contact."""
        return self.key.removeprefix("at:") if self.key.startswith("at:") else None


_CONTACT = (
    CONTACT.c.id.label("contact_id"),
    CONTACT.c.name,
    CONTACT.c.email,
    CONTACT.c.email_source,
    CONTACT.c.signed_out_at,
    CONTACT.c.blocked_at,
    CONTACT.c.stopped_at,
    CONTACT.c.resolved_at,
    CONTACT.c.prompted_at,
    CONTACT.c.pending_told_at,
    CONTACT.c.limit_told_at,
    CONTACT.c.hinted_at,
    CONTACT.c.awaited_told_at,
    CONTACT.c.pointed_at,
)

_ONE_CONTACT = select(*_CONTACT).where(CONTACT.c.id == bindparam("contact"))
_IS_BLOCKED = select(CONTACT.c.blocked_at.is_not(None)).where(CONTACT.c.id == bindparam("contact"))

_WAITS_SINCE = func.coalesce(MESSAGE.c.released_at, MESSAGE.c.at)
_OF_OPEN_TURN = MESSAGE.c.turn_id == TURN.c.id
_OPEN_TURN = (
    TURN.c.id.label("turn_id"),
    TURN.c.key.label("turn_key"),
    TURN.c.attempts,
    TURN.c.retries,
    TURN.c.next_at,
    TURN.c.run,
    TURN.c.run_at,
    func.coalesce(
        # The owner wants a resubmitted turn answered however old its messages are.
        TURN.c.resubmitted_at,
        select(func.min(_WAITS_SINCE)).where(_OF_OPEN_TURN).scalar_subquery(),
        TURN.c.created_at,
    ).label("turn_waits_since"),
    func.coalesce(
        select(func.min(MESSAGE.c.contact_id)).where(_OF_OPEN_TURN).scalar_subquery(), literal_column("0")
    ).label("writer"),
)

_STATE = (
    select(
        CONVERSATION.c.binding_id,
        CONVERSATION.c.key,
        CONVERSATION.c.address,
        CONVERSATION.c.is_group,
        CONVERSATION.c.last_inbound_at,
        BINDING.c.agent,
        BINDING.c.channel,
        BINDING.c.disconnected_at,
        POLICY.c.policy,
        POLICY.c.groups,
        exists()
        .where(MESSAGE.c.conversation_id == CONVERSATION.c.id, in_states(MESSAGE.c.state, MessageState.HELD))
        .label("held"),
        CONVERSATION.c.needs_turn,
        CONVERSATION.c.disclosed_at,
        *_CONTACT,
        *_OPEN_TURN,
    )
    .select_from(
        # One statement for all of it: this is read at every step of every message.
        CONVERSATION.join(BINDING, BINDING.c.id == CONVERSATION.c.binding_id)
        .outerjoin(CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id)
        .outerjoin(POLICY, POLICY.c.agent == BINDING.c.agent)
        .outerjoin(TURN, and_(TURN.c.conversation_id == CONVERSATION.c.id, in_states(TURN.c.state, TurnState.OPEN)))
    )
    .where(CONVERSATION.c.id == bindparam("conversation"))
)

_MESSAGE = (
    MESSAGE.c.id,
    MESSAGE.c.text,
    MESSAGE.c.parts,
    MESSAGE.c.at,
    MESSAGE.c.origin,
    MESSAGE.c.provider_id,
    MESSAGE.c.opt_out,
    MESSAGE.c.album,
    MESSAGE.c.contact_id,
    # Messages from before the column was added have no time of storing.
    func.coalesce(MESSAGE.c.received_at, MESSAGE.c.at).label("received_at"),
    _WAITS_SINCE.label("waits_since"),
    CONTACT.c.name,
    CONTACT.c.email,
)

_MESSAGES = select(*_MESSAGE).select_from(MESSAGE.outerjoin(CONTACT, CONTACT.c.id == MESSAGE.c.contact_id))

_WAITING = (
    _MESSAGES.where(
        MESSAGE.c.conversation_id == bindparam("conversation"), in_states(MESSAGE.c.state, MessageState.WAITING)
    )
    .order_by(MESSAGE.c.id)
    .limit(100)
)

_NEWEST_WAITING = (
    select(MESSAGE.c.provider_id)
    .where(
        MESSAGE.c.conversation_id == bindparam("conversation"),
        in_states(MESSAGE.c.state, MessageState.WAITING),
        MESSAGE.c.provider_id.is_not(None),
    )
    .order_by(MESSAGE.c.id.desc())
    .limit(1)
)

_OF_TURN = _MESSAGES.where(
    MESSAGE.c.turn_id == bindparam("turn"), ~in_states(MESSAGE.c.state, MessageState.ERASED)
).order_by(MESSAGE.c.id)

_HISTORY = (
    _MESSAGES.where(
        MESSAGE.c.conversation_id == bindparam("conversation"),
        in_states(MESSAGE.c.state, MessageState.ANSWERED),
        MESSAGE.c.at <= select(TURN.c.created_at).where(TURN.c.id == bindparam("turn")).scalar_subquery(),
    )
    .order_by(MESSAGE.c.id.desc())
    .limit(HISTORY)
)

_WRITTEN_SINCE = (
    _MESSAGES.where(
        MESSAGE.c.contact_id == bindparam("contact"),
        MESSAGE.c.at >= bindparam("since"),
        ~in_states(MESSAGE.c.state, MessageState.WAITING),
    )
    .order_by(MESSAGE.c.at.desc())
    .limit(100)
)

_SINCE = select(func.count()).where(
    MESSAGE.c.contact_id == bindparam("contact"),
    MESSAGE.c.at > bindparam("since"),
    MESSAGE.c.at <= bindparam("at"),
    MESSAGE.c.id <= bindparam("upto"),
)

_WITH_WORK = select(MESSAGE.c.conversation_id).where(in_states(MESSAGE.c.state, MessageState.WAITING)).distinct()

# What needs a turn on a disconnected channel waits until it is connected again.
_NEEDS_TURN = (
    select(CONVERSATION.c.id)
    .select_from(CONVERSATION.join(BINDING, BINDING.c.id == CONVERSATION.c.binding_id))
    .where(CONVERSATION.c.needs_turn == true(), BINDING.c.disconnected_at.is_(None))
)

_WITH_OPEN_TURN = select(TURN.c.conversation_id).where(in_states(TURN.c.state, TurnState.OPEN)).distinct()

_HERE: BindParameter[int] = bindparam("conversation")
_HAS_WORK = select(
    or_(
        CONVERSATION.c.needs_turn == true(),
        exists().where(MESSAGE.c.conversation_id == _HERE, in_states(MESSAGE.c.state, MessageState.WAITING)),
        exists().where(MESSAGE.c.conversation_id == _HERE, in_states(MESSAGE.c.state, MessageState.HELD)),
        exists().where(TURN.c.conversation_id == _HERE, in_states(TURN.c.state, TurnState.OPEN)),
    ).label("has_work")
).where(CONVERSATION.c.id == _HERE)


def load_work(tx: Tx, conversation: int) -> ConversationState | None:
    """What stands in a conversation if anything is left to do there; None if nothing is."""
    return load(tx, conversation) if tx.scalar(_HAS_WORK, bool, conversation=conversation) else None


def load(tx: Tx, conversation: int) -> ConversationState | None:
    """What stands in a conversation now; None if there is no such conversation."""
    row = tx.one(_STATE, conversation=conversation)
    if row is None:
        return None
    return ConversationState(
        conversation=conversation,
        binding=row.binding_id,
        agent=row.agent,
        channel=row.channel,
        address=row.address,
        group=bool(row.is_group),
        last_inbound_at=moment(row.last_inbound_at),
        connected=row.disconnected_at is None,
        policies=None if row.policy is None else (row.policy, row.groups),
        contact=None if row.contact_id is None else _contact(row),
        turn=None if row.turn_id is None else _open_turn(row),
        waiting=tuple(map(_message, tx.all(_WAITING, conversation=conversation))),
        held=bool(row.held),
        needs_turn=bool(row.needs_turn),
        disclosed_at=moment(row.disclosed_at),
        key=row.key,
    )


def newest_waiting(tx: Tx, conversation: int) -> str | None:
    """The provider's id of the newest message that waits in a conversation, None if there is none."""
    return tx.scalar(_NEWEST_WAITING, str, conversation=conversation)


def contact(tx: Tx, contact: int) -> Contact:
    """A person who writes in a group, or anywhere."""
    row = tx.one(_ONE_CONTACT, contact=contact)
    assert row is not None  # noqa: S101  contacts are never deleted
    return _contact(row)


def is_blocked(tx: Tx, contact: int) -> bool:
    """Whether the owner has blocked a contact by now."""
    return bool(tx.scalar(_IS_BLOCKED, bool, contact=contact))


def of_turn(tx: Tx, turn: int) -> tuple[Message, ...]:
    """The messages a turn answers, oldest first; an open or parked turn has at least one."""
    return tuple(map(_message, tx.all(_OF_TURN, turn=turn)))


def written_since(tx: Tx, contact: int, since: datetime) -> tuple[Message, ...]:
    """The newest hundred messages of a contact since a time, except those that wait: whatever became of them."""
    return tuple(map(_message, tx.all(_WRITTEN_SINCE, contact=contact, since=micros(since))))


def history(tx: Tx, conversation: int, turn: int) -> tuple[Message, ...]:
    """Up to 20 answered messages and answers from before a turn was begun, oldest first; none whose text was removed."""
    rows = tx.all(_HISTORY, conversation=conversation, turn=turn)
    # Newest first from the database for the limit, oldest first for the agent.
    return tuple(one for row in reversed(rows) if (one := _message(row)).text or one.parts)


def written_before(tx: Tx, contact: int, message: int, at: datetime, period: timedelta) -> int:
    """How many messages a contact wrote in the period that ends with `message`, that one included."""
    return tx.number(_SINCE, contact=contact, since=micros(at - period), at=micros(at), upto=message)


def with_work(tx: Tx) -> set[int]:
    """Conversations in which something waits, a turn is open, or something else calls for a step."""
    return {one for statement in (_WITH_WORK, _NEEDS_TURN, _WITH_OPEN_TURN) for one in tx.scalars(statement, int)}


def _open_turn(row: Row) -> OpenTurn:
    return OpenTurn(
        id=row.turn_id,
        key=row.turn_key,
        attempts=row.attempts,
        retries=row.retries,
        next_at=moment(row.next_at),
        waits_since=moment(row.turn_waits_since),
        writer=row.writer,
        run=row.run,
        run_at=moment(row.run_at),
    )


def _contact(row: Row) -> Contact:
    return Contact(
        id=row.contact_id,
        name=row.name,
        email=row.email,
        email_source=row.email_source,
        signed_out=row.signed_out_at is not None,
        blocked=row.blocked_at is not None,
        stopped=row.stopped_at is not None,
        resolved_at=moment(row.resolved_at),
        prompted_at=moment(row.prompted_at),
        pending_told_at=moment(row.pending_told_at),
        limit_told_at=moment(row.limit_told_at),
        hinted_at=moment(row.hinted_at),
        awaited_told_at=moment(row.awaited_told_at),
        pointed_at=moment(row.pointed_at),
    )


def _message(row: Row) -> Message:
    return Message(
        id=row.id,
        text=row.text,
        parts=parts.load(row.parts),
        at=moment(row.at),
        by_agent=row.origin != "person",
        provider_id=row.provider_id,
        opt_out=row.opt_out,
        album=row.album,
        contact=row.contact_id,
        received_at=moment(row.received_at),
        waits_since=moment(row.waits_since),
        name=row.name or "",
        email=row.email,
    )
