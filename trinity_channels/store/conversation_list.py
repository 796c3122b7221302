"""Conversations as the owner lists them: who wrote last, what was said last, and what has to be done about each.

Those of an agent are found by its bindings. They are sorted by when the person last wrote, without an index: keeping one
would cost a page for every message that arrives, and only people who read the list would gain from it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CompoundSelect,
    Select,
    bindparam,
    distinct,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    union,
)

from trinity_channels.api import Part
from trinity_channels.store import parts, trials
from trinity_channels.store.clock import micros, moment
from trinity_channels.store.place import Place
from trinity_channels.store.statements import holding, holds
from trinity_channels.store.states import PARKED_DELIVERIES, MessageState, OutboxState, TurnState
from trinity_channels.store.tables import BINDING, CONTACT, CONVERSATION, DELIVERY, MESSAGE, TURN
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.tx import Row, Tx


class Need(StrEnum):
    """What is left to do in a conversation, the most urgent first.

    Attributes:
        ATTENTION: a turn failed, or a message of the last days did not arrive; the owner decides.
        HELD: someone may not use the agent yet, and what they wrote is kept until they may.
        WORKING: the agent is answering, or a message waits for it.
    """

    ATTENTION = "attention"
    HELD = "held"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations are listed.

    Attributes:
        agents: of which agents.
        channel: only on this channel; empty means all.
        need: only those in which this is left to do; None means all.
        name: only people whose name, verified e-mail or address holds this; empty means all.
        since: from when on a message that did not arrive counts as needing attention.
    """

    agents: Collection[str]
    channel: str
    need: Need | None
    name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Last:
    """The newest message of a conversation that is of the agent or for it, else the newest of all.

    `delivery` is how far its last part got, None for what people wrote.
    """

    origin: str
    text: str = field(repr=False)
    parts: tuple[Part, ...] = field(repr=False)
    at: datetime
    state: MessageState
    cleared: bool
    unsent: bool
    delivery: OutboxState | None


@dataclass(frozen=True, slots=True)
class Listed:
    """One conversation; `name`, `email` and `contact` are those of the person, or empty and None in a group."""

    id: int
    agent: str
    channel: str
    contact: int | None
    name: str = field(repr=False)
    email: str | None = field(repr=False)
    address: str = field(repr=False)
    group: bool
    last_inbound_at: datetime
    failed_turns: int
    undelivered: int
    needs: frozenset[Need]
    last: Last | None


_BINDINGS = select(BINDING.c.id).where(BINDING.c.agent == bindparam("agent"))
_BINDINGS_ON = _BINDINGS.where(BINDING.c.channel == bindparam("channel"))
_ONE = (
    select(
        CONVERSATION.c.id,
        BINDING.c.agent,
        BINDING.c.channel,
        CONVERSATION.c.contact_id,
        CONTACT.c.name,
        CONTACT.c.email,
        CONVERSATION.c.address,
        CONVERSATION.c.is_group,
        CONVERSATION.c.last_inbound_at,
    )
    .select_from(
        CONVERSATION.join(BINDING, BINDING.c.id == CONVERSATION.c.binding_id).outerjoin(
            CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id
        )
    )
    .where(CONVERSATION.c.id == bindparam("conversation"))
)
_NEWEST = (
    select(
        MESSAGE.c.id,
        MESSAGE.c.origin,
        MESSAGE.c.text,
        MESSAGE.c.parts,
        MESSAGE.c.at,
        MESSAGE.c.state,
        MESSAGE.c.cleared_at,
        MESSAGE.c.unsent_at,
    )
    .where(MESSAGE.c.conversation_id == bindparam("conversation"))
    .order_by(MESSAGE.c.id.desc())
    .limit(6)
)
_LAST_PART = (
    select(DELIVERY.c.state)
    .where(DELIVERY.c.message_id == bindparam("message"))
    .order_by(DELIVERY.c.id.desc())
    .limit(1)
)
_FAILED_TURN = (
    in_states(TURN.c.state, TurnState.FAILED),
    # Those of people who were erased can only be forgotten.
    exists().where(MESSAGE.c.turn_id == TURN.c.id, in_states(MESSAGE.c.state, MessageState.FAILED)),
)
_FAILED_TURNS = select(func.count()).where(TURN.c.conversation_id == bindparam("conversation"), *_FAILED_TURN)
_UNDELIVERED = (
    in_states(DELIVERY.c.state, *PARKED_DELIVERIES),
    DELIVERY.c.updated_at >= bindparam("since"),
)
_UNDELIVERED_MESSAGES = select(func.count(distinct(DELIVERY.c.message_id))).where(
    DELIVERY.c.conversation_id == bindparam("conversation"), *_UNDELIVERED
)
_IS_HELD = select(MESSAGE.c.id).where(
    MESSAGE.c.conversation_id == bindparam("conversation"), in_states(MESSAGE.c.state, MessageState.HELD)
)
_WAITS = select(MESSAGE.c.id).where(
    MESSAGE.c.conversation_id == bindparam("conversation"), in_states(MESSAGE.c.state, MessageState.WAITING)
)
_IS_ANSWERED = select(TURN.c.id).where(
    TURN.c.conversation_id == bindparam("conversation"), in_states(TURN.c.state, TurnState.OPEN)
)


def page(tx: Tx, wanted: Wanted, after: Place | None, most: int) -> list[Listed]:
    """The conversations in which people wrote last, the newest first, from a place on; `most` of them."""
    bindings = _bindings(tx, wanted)
    if not bindings:
        return []
    rows = tx.query(found(bindings, wanted, after).limit(most))
    return [one for row in rows if (one := _listed(tx, row.id, wanted.since))]


def counts(tx: Tx, wanted: Wanted) -> dict[Need, int]:
    """In how many conversations each is left to do, whatever `wanted.need` says."""
    bindings = _bindings(tx, wanted)
    return {need: _number(tx, bindings, replace(wanted, need=need)) for need in Need} if bindings else {}


def number(tx: Tx, wanted: Wanted) -> int:
    """How many conversations are wanted."""
    bindings = _bindings(tx, wanted)
    return _number(tx, bindings, wanted) if bindings else 0


def _number(tx: Tx, bindings: Sequence[int], wanted: Wanted) -> int:
    # The order would only cost time here.
    chosen = found(bindings, wanted, None).order_by(None).subquery()
    (row,) = tx.query(select(func.count().label("number")).select_from(chosen))
    return int(row.number)


def total(tx: Tx, wanted: Wanted) -> int:
    """How many conversations there are of these agents on these channels."""
    bindings = _bindings(tx, wanted)
    if not bindings:
        return 0
    # By the index of the keys alone: no conversation is read for it.
    statement = select(func.count().label("number")).where(CONVERSATION.c.binding_id.in_(bindings), *_HAS_PEOPLE)
    (row,) = tx.query(statement)
    return int(row.number)


_HAS_PEOPLE = (
    # Nothing is left of erased contacts, and in a test no one writes.
    ~CONVERSATION.c.key.startswith("erased:"),
    ~CONVERSATION.c.key.startswith(trials.PREFIX),
)


def found(bindings: Sequence[int], wanted: Wanted, after: Place | None) -> Select[tuple[int, int]]:
    """The statement that finds them: ids, in the order of the list."""
    statement = select(CONVERSATION.c.id, CONVERSATION.c.last_inbound_at).where(*_HAS_PEOPLE)
    if wanted.need is None:
        statement = statement.where(CONVERSATION.c.binding_id.in_(bindings))
    else:
        # The sum keeps SQLite from reading all conversations of the bindings: few of them have something left to do.
        statement = statement.where(
            CONVERSATION.c.id.in_(_with(wanted.need, bindings, wanted.since)),
            (CONVERSATION.c.binding_id + literal_column("0")).in_(bindings),
        )
    if wanted.name:
        statement = statement.outerjoin(CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id).where(
            or_(
                *(holds(CONTACT.c.name, literal(holding(one))) for one in _spellings(wanted.name)),
                holds(CONTACT.c.email, literal(holding(wanted.name))),
                holds(CONVERSATION.c.address, literal(holding(wanted.name))),
            )
        )
    if after is not None:
        place = tuple_(CONVERSATION.c.last_inbound_at, CONVERSATION.c.id)
        statement = statement.where(place < tuple_(micros(after.at), after.id))
    return statement.order_by(CONVERSATION.c.last_inbound_at.desc(), CONVERSATION.c.id.desc())


def _with(need: Need, bindings: Sequence[int], since: datetime) -> Select[tuple[int]] | CompoundSelect[tuple[int]]:
    """The conversations in which something is left to do, found by the indexes of what is open."""
    match need:
        case Need.ATTENTION:
            failed = select(TURN.c.conversation_id).where(*_FAILED_TURN)
            undelivered = select(DELIVERY.c.conversation_id).where(
                DELIVERY.c.binding_id.in_(bindings),
                in_states(DELIVERY.c.state, *PARKED_DELIVERIES),
                DELIVERY.c.updated_at >= micros(since),
            )
            return union(failed, undelivered)
        case Need.HELD:
            return select(MESSAGE.c.conversation_id).where(in_states(MESSAGE.c.state, MessageState.HELD))
        case Need.WORKING:
            answering = select(TURN.c.conversation_id).where(in_states(TURN.c.state, TurnState.OPEN))
            waiting = select(MESSAGE.c.conversation_id).where(in_states(MESSAGE.c.state, MessageState.WAITING))
            return union(answering, waiting)


def _spellings(name: str) -> set[str]:
    # Both databases ignore the case of ASCII letters where they are asked to, and of no others.
    return {name} if name.isascii() else {name, name.lower(), name.upper(), name.title()}


def _bindings(tx: Tx, wanted: Wanted) -> list[int]:
    def of(agent: str) -> Iterator[int]:
        if wanted.channel:
            yield from tx.scalars(_BINDINGS_ON, int, agent=agent, channel=wanted.channel)
        else:
            yield from tx.scalars(_BINDINGS, int, agent=agent)

    return [binding for agent in wanted.agents for binding in of(agent)]


def _listed(tx: Tx, conversation: int, since: datetime) -> Listed | None:
    row = tx.one(_ONE, conversation=conversation)
    if row is None:
        return None
    failed = tx.number(_FAILED_TURNS, conversation=conversation)
    undelivered = tx.number(_UNDELIVERED_MESSAGES, conversation=conversation, since=micros(since))
    needs = {
        Need.ATTENTION: bool(failed or undelivered),
        Need.HELD: tx.one(_IS_HELD, conversation=conversation) is not None,
        Need.WORKING: tx.one(_IS_ANSWERED, conversation=conversation) is not None
        or tx.one(_WAITS, conversation=conversation) is not None,
    }
    return Listed(
        id=row.id,
        agent=row.agent,
        channel=row.channel,
        contact=row.contact_id,
        name=row.name or "",
        email=row.email,
        address=row.address,
        group=bool(row.is_group),
        last_inbound_at=moment(row.last_inbound_at),
        failed_turns=failed,
        undelivered=undelivered,
        needs=frozenset(need for need, there in needs.items() if there),
        last=_last(tx, tx.all(_NEWEST, conversation=conversation)),
    )


def _last(tx: Tx, newest: Sequence[Row]) -> Last | None:
    if not newest:
        return None
    # What the host says, and commands to it, tell little about a conversation.
    row = next((one for one in newest if one.state not in (MessageState.NOTICE, MessageState.HANDLED)), newest[0])
    return Last(
        origin=row.origin,
        text=row.text,
        parts=parts.load(row.parts),
        at=moment(row.at),
        state=MessageState(row.state),
        cleared=row.cleared_at is not None,
        unsent=row.unsent_at is not None,
        delivery=tx.scalar(_LAST_PART, OutboxState, message=row.id) if row.origin != "person" else None,
    )
