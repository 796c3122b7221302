"""Turns: what waits in a conversation, one attempt after another at answering it, and the end that stores the answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, func, insert, literal_column, select, update

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.database import Row, Tx
from trinity_channels.store.tables import (
    ACCESS_REQUEST,
    BINDING,
    CONTACT,
    CONVERSATION,
    DELIVERY,
    MESSAGE,
    POLICY,
    TURN,
)

HISTORY = 20


@dataclass(frozen=True, slots=True)
class Person:
    """The contact of a direct conversation."""

    id: int
    name: str
    email: str | None
    blocked: bool
    stopped: bool
    resolved_at: datetime | None
    prompted_at: datetime | None
    pending_told_at: datetime | None
    limit_told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message of a person or the agent."""

    id: int
    text: str = field(repr=False)
    notes: tuple[str, ...] = field(repr=False)
    at: datetime
    by_agent: bool
    provider_id: str | None
    opt_out: str | None
    contact: int | None
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenTurn:
    """A turn that was begun and has not ended."""

    id: int
    key: str
    attempts: int
    retries: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that decides what happens next in a conversation.

    `kept`: messages are kept until the gate opens. `stirred`: something else than
    a message calls for a step, such as an owner's decision.
    """

    conversation: int
    binding: int
    agent: str
    channel: str
    address: str
    group: bool
    last_inbound_at: datetime
    connected: bool
    policy: str | None
    groups: str | None
    person: Person | None
    turn: OpenTurn | None
    waiting: tuple[Message, ...]
    kept: bool
    stirred: bool


_PERSON = (
    CONTACT.c.id,
    CONTACT.c.name,
    CONTACT.c.email,
    CONTACT.c.blocked_at,
    CONTACT.c.stopped_at,
    CONTACT.c.resolved_at,
    CONTACT.c.prompted_at,
    CONTACT.c.pending_told_at,
    CONTACT.c.limit_told_at,
)
_ONE_PERSON = select(*_PERSON).where(CONTACT.c.id == bindparam("contact"))
_SCENE = (
    select(
        CONVERSATION.c.binding_id,
        CONVERSATION.c.address,
        CONVERSATION.c.is_group,
        CONVERSATION.c.last_inbound_at,
        BINDING.c.agent,
        BINDING.c.channel,
        BINDING.c.disconnected_at,
        POLICY.c.policy,
        POLICY.c.groups,
        exists().where(MESSAGE.c.conversation_id == CONVERSATION.c.id, MESSAGE.c.state == literal_column("'kept'")),
        CONVERSATION.c.stirred,
        *_PERSON,
    )
    .select_from(
        CONVERSATION.join(BINDING, BINDING.c.id == CONVERSATION.c.binding_id)
        .outerjoin(CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id)
        .outerjoin(POLICY, POLICY.c.agent == BINDING.c.agent)
    )
    .where(CONVERSATION.c.id == bindparam("conversation"))
)
_OPEN_TURN = select(TURN.c.id, TURN.c.key, TURN.c.attempts, TURN.c.retries, TURN.c.next_at).where(
    TURN.c.conversation_id == bindparam("conversation"), TURN.c.state == literal_column("'open'")
)
_MESSAGE = (
    MESSAGE.c.id,
    MESSAGE.c.text,
    MESSAGE.c.notes,
    MESSAGE.c.at,
    MESSAGE.c.origin,
    MESSAGE.c.provider_id,
    MESSAGE.c.opt_out,
    MESSAGE.c.contact_id,
    CONTACT.c.name,
)
_MESSAGES = select(*_MESSAGE).select_from(MESSAGE.outerjoin(CONTACT, CONTACT.c.id == MESSAGE.c.contact_id))
_WAITING = (
    _MESSAGES.where(
        MESSAGE.c.conversation_id == bindparam("conversation"), MESSAGE.c.state == literal_column("'waiting'")
    )
    .order_by(MESSAGE.c.id)
    .limit(100)
)
_OF_TURN = _MESSAGES.where(MESSAGE.c.turn_id == bindparam("turn")).order_by(MESSAGE.c.id)
_HISTORY = (
    _MESSAGES.where(
        MESSAGE.c.conversation_id == bindparam("conversation"),
        MESSAGE.c.state == "answered",
    )
    .order_by(MESSAGE.c.id.desc())
    .limit(HISTORY)
)
_SET_STATE = update(MESSAGE).where(MESSAGE.c.id == bindparam("message")).values(state=bindparam("state"))
_TAKE = update(MESSAGE).where(MESSAGE.c.id == bindparam("message")).values(state="answering", turn_id=bindparam("turn"))
_NEW_TURN = (
    insert(TURN)
    .values(
        key=bindparam("key"),
        conversation_id=bindparam("conversation"),
        state="open",
        attempts=0,
        retries=0,
        created_at=bindparam("now"),
        updated_at=bindparam("now"),
    )
    .returning(TURN.c.id)
)
_COUNT_ATTEMPT = (
    update(TURN)
    .where(TURN.c.id == bindparam("turn"))
    .values(attempts=TURN.c.attempts + 1, next_at=None, reason=None, updated_at=bindparam("now"))
)
_LATER = (
    update(TURN)
    .where(TURN.c.id == bindparam("turn"))
    .values(
        attempts=TURN.c.attempts - 1,
        retries=TURN.c.retries + 1,
        next_at=bindparam("at"),
        reason=bindparam("why"),
        updated_at=bindparam("now"),
    )
)
_UNCOUNT = update(TURN).where(TURN.c.id == bindparam("turn")).values(attempts=TURN.c.attempts - 1)
_END_TURN = (
    update(TURN)
    .where(TURN.c.id == bindparam("turn"), TURN.c.state == literal_column("'open'"))
    .values(state=bindparam("ending"), reason=bindparam("why"), updated_at=bindparam("now"))
)
_END_MESSAGES = (
    update(MESSAGE)
    .where(MESSAGE.c.turn_id == bindparam("turn"), MESSAGE.c.state == "answering")
    .values(state=bindparam("ending"))
)
_STORE_SAID = (
    insert(MESSAGE)
    .values(
        binding_id=bindparam("binding"),
        conversation_id=bindparam("conversation"),
        origin=bindparam("origin"),
        text=bindparam("text"),
        state="answered",
        at=bindparam("now"),
    )
    .returning(MESSAGE.c.id)
)
_QUEUE = insert(DELIVERY).values(
    binding_id=bindparam("binding"),
    conversation_id=bindparam("conversation"),
    message_id=bindparam("message"),
    address=bindparam("address"),
    text=bindparam("text"),
    state="ready",
    attempts=0,
    created_at=bindparam("now"),
    updated_at=bindparam("now"),
)
_FAILED = (
    select(
        TURN.c.id,
        BINDING.c.agent,
        BINDING.c.channel,
        TURN.c.attempts,
        TURN.c.reason,
        TURN.c.updated_at,
        func.count(MESSAGE.c.id),
    )
    .select_from(
        TURN.join(CONVERSATION, CONVERSATION.c.id == TURN.c.conversation_id)
        .join(BINDING, BINDING.c.id == CONVERSATION.c.binding_id)
        .outerjoin(MESSAGE, MESSAGE.c.turn_id == TURN.c.id)
    )
    .where(TURN.c.state == literal_column("'failed'"))
    .group_by(TURN.c.id)
    .order_by(TURN.c.id)
)
_RESUBMIT = (
    update(TURN)
    .where(TURN.c.id == bindparam("turn"), TURN.c.state == literal_column("'failed'"))
    .values(state="open", attempts=0, retries=0, next_at=None, updated_at=bindparam("now"))
)
_RESUBMIT_MESSAGES = (
    update(MESSAGE).where(MESSAGE.c.turn_id == bindparam("turn"), MESSAGE.c.state == "failed").values(state="answering")
)
_WITH_WORK = select(MESSAGE.c.conversation_id).where(MESSAGE.c.state == literal_column("'waiting'")).distinct()
_STIRRED = select(CONVERSATION.c.id).where(CONVERSATION.c.stirred == literal_column("1"))
_WITH_OPEN_TURN = select(TURN.c.conversation_id).where(TURN.c.state == literal_column("'open'")).distinct()


def scene(tx: Tx, conversation: int) -> Scene | None:
    """What stands in a conversation now; None if there is no such conversation."""
    row = tx.one(_SCENE, conversation=conversation)
    if row is None:
        return None
    binding, address, group, last, agent, channel, disconnected, policy, groups, kept, stirred = row[:11]
    turn = tx.one(_OPEN_TURN, conversation=conversation)
    return Scene(
        conversation=conversation,
        binding=binding,
        agent=agent,
        channel=channel,
        address=address,
        group=bool(group),
        last_inbound_at=moment(last),
        connected=disconnected is None,
        policy=policy,
        groups=groups,
        person=None if row[11] is None else _person(row[11:]),
        turn=None if turn is None else OpenTurn(turn[0], turn[1], turn[2], turn[3], moment(turn[4])),
        waiting=tuple(map(_message, tx.all(_WAITING, conversation=conversation))),
        kept=bool(kept),
        stirred=bool(stirred),
    )


def person(tx: Tx, contact: int) -> Person:
    """Somebody who writes in a group, or anywhere."""
    row = tx.one(_ONE_PERSON, contact=contact)
    assert row is not None  # noqa: S101  contacts are never deleted
    return _person(row)


def _person(row: Row) -> Person:
    identity, name, email, blocked, stopped = row[:5]
    return Person(identity, name, email, blocked is not None, stopped is not None, *map(moment, row[5:]))


def _message(row: Row) -> Message:
    identity, text, notes, at, origin, provider_id, opt_out, contact, name = row
    return Message(
        id=identity,
        text=text,
        notes=tuple(json.loads(notes)) if notes else (),
        at=moment(at),
        by_agent=origin != "person",
        provider_id=provider_id,
        opt_out=opt_out,
        contact=contact,
        name=name or "",
    )


def begin(tx: Tx, conversation: int, messages: Sequence[int], key: str, now: datetime) -> int:
    """Open a turn over waiting messages; returns its id. No attempt is counted yet."""
    turn = tx.number(_NEW_TURN, key=key, conversation=conversation, now=micros(now))
    for message in messages:
        tx.run(_TAKE, message=message, turn=turn)
    return turn


def attempt(tx: Tx, conversation: int, turn: int, now: datetime) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """Count an attempt before it is made; returns the turn's messages and up to 20 earlier ones, oldest first."""
    tx.run(_COUNT_ATTEMPT, turn=turn, now=micros(now))
    messages = tuple(map(_message, tx.all(_OF_TURN, turn=turn)))
    history = tx.all(_HISTORY, conversation=conversation)
    return messages, tuple(map(_message, reversed(history)))


def postpone(tx: Tx, turn: int, at: datetime, why: str, now: datetime) -> None:
    """Try an open turn again at a later time; the attempt did not die, so it counts as a retry instead."""
    tx.run(_LATER, turn=turn, at=micros(at), why=why, now=micros(now))


def uncount(tx: Tx, turn: int) -> None:
    """The attempt was ended in good order before it could answer."""
    tx.run(_UNCOUNT, turn=turn)


def finish(tx: Tx, turn: int, now: datetime) -> bool:
    """End a turn as answered; False if it was not open any more."""
    return _end(tx, turn, "done", "answered", None, now)


def fail(tx: Tx, turn: int, why: str, now: datetime) -> bool:
    """Park a turn as failed, visible and fit to be resubmitted."""
    return _end(tx, turn, "failed", "failed", why, now)


def _end(tx: Tx, turn: int, state: str, messages: str, why: str | None, now: datetime) -> bool:
    ended = tx.run(_END_TURN, turn=turn, ending=state, why=why, now=micros(now)) > 0
    if ended:
        tx.run(_END_MESSAGES, turn=turn, ending=messages)
    return ended


def mark(tx: Tx, messages: Sequence[int], state: str) -> None:
    """Set the state of messages that no turn holds: kept, answered (by the host itself), dropped."""
    for message in messages:
        tx.run(_SET_STATE, message=message, state=state)


def say(tx: Tx, scene: Scene, text: str, parts: Sequence[str], origin: str, now: datetime) -> int:
    """Store what we say and queue its parts, in order; returns the message's id.

    `origin` is agent, notice or proactive. A notice is not part of what the agent sees later.
    """
    at = micros(now)
    message = tx.number(
        _STORE_SAID,
        binding=scene.binding,
        conversation=scene.conversation,
        origin=origin,
        text=text,
        now=at,
    )
    if origin == "notice":
        tx.run(_SET_STATE, message=message, state="notice")
    for part in parts:
        tx.run(
            _QUEUE,
            binding=scene.binding,
            conversation=scene.conversation,
            message=message,
            address=scene.address,
            text=part,
            now=at,
        )
    return message


# --- kept messages ---

_STIR = update(CONVERSATION).where(CONVERSATION.c.id == bindparam("conversation")).values(stirred=bindparam("stirred"))
_KEPT = (
    select(MESSAGE.c.id, MESSAGE.c.at)
    .where(MESSAGE.c.conversation_id == bindparam("conversation"), MESSAGE.c.state == literal_column("'kept'"))
    .order_by(MESSAGE.c.id.desc())
)


def stir(tx: Tx, conversation: int) -> None:
    """A step is called for, though nobody has written: a decision is to be told, or the gate may have opened."""
    tx.run(_STIR, conversation=conversation, stirred=True)


def calm(tx: Tx, conversation: int) -> None:
    """The step has been taken."""
    tx.run(_STIR, conversation=conversation, stirred=False)


def keep(tx: Tx, conversation: int, messages: Sequence[int], most: int) -> None:
    """Keep messages until the gate opens, the latest `most` of the conversation; older ones are dropped."""
    mark(tx, messages, "kept")
    rows = tx.all(_KEPT, conversation=conversation)
    mark(tx, [row[0] for row in rows[most:]], "dropped")


def release(tx: Tx, conversation: int, oldest: datetime) -> int:
    """The gate has opened: kept messages since `oldest` wait again, older ones expire. Returns how many wait."""
    limit = micros(oldest)
    rows = tx.all(_KEPT, conversation=conversation)
    mark(tx, [row[0] for row in rows if row[1] < limit], "expired")
    waiting = [row[0] for row in rows if row[1] >= limit]
    mark(tx, waiting, "waiting")
    return len(waiting)


# --- limits ---

_SINCE = select(func.count()).where(
    MESSAGE.c.contact_id == bindparam("contact"), MESSAGE.c.at > bindparam("since"), MESSAGE.c.id <= bindparam("upto")
)


def written_before(tx: Tx, contact: int, message: int, at: datetime, period: timedelta) -> int:
    """How many messages a contact wrote in the period that ends with `message`, that one included."""
    return tx.number(_SINCE, contact=contact, since=micros(at - period), upto=message)


# --- operators ---


@dataclass(frozen=True, slots=True)
class FailedTurn:
    """A parked turn as the operator sees it."""

    id: int
    agent: str
    channel: str
    attempts: int
    reason: str
    failed_at: datetime
    messages: int


def failed(tx: Tx) -> list[FailedTurn]:
    """Every parked turn, oldest first."""
    return [FailedTurn(row[0], row[1], row[2], row[3], row[4] or "", moment(row[5]), row[6]) for row in tx.all(_FAILED)]


def resubmit(tx: Tx, turn: int, now: datetime) -> bool:
    """Open a parked turn again with all its attempts; False if there is no such turn."""
    if not tx.run(_RESUBMIT, turn=turn, now=micros(now)):
        return False
    tx.run(_RESUBMIT_MESSAGES, turn=turn)
    return True


def with_work(tx: Tx) -> set[int]:
    """Conversations in which something waits, a turn is open, or something else calls for a step."""
    return {row[0] for statement in (_WITH_WORK, _STIRRED, _WITH_OPEN_TURN) for row in tx.all(statement)}
