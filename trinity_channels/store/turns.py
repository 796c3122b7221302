"""Turns: one attempt after another at answering what waits, and the end that settles it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, bindparam, exists, func, insert, select, update

from trinity_channels.store import messages, unwanted_runs
from trinity_channels.store.clock import micros, moment
from trinity_channels.store.conversation_state import Message, OpenTurn
from trinity_channels.store.given_up import IS_GIVEN_UP
from trinity_channels.store.states import MessageState, TurnState
from trinity_channels.store.tables import BINDING, CONVERSATION, MESSAGE, TURN
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.transitions import initial, transition
from trinity_channels.store.tx import Tx


class Cause(StrEnum):
    """Why a turn is parked though its agent did not fail."""

    LATE = "late"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class FailedTurn:
    """A parked turn as its owner and the operator see it. `last_inbound_at` is when a person last wrote in its conversation.

    `stored_since`: when the oldest of its messages was stored, from which its retention counts.
    """

    id: int
    conversation: int
    agent: str
    channel: str
    attempts: int
    reason: str
    cause: Cause | None
    failed_at: datetime
    messages: int
    last_inbound_at: datetime
    stored_since: datetime


_TAKE = (
    transition({MessageState.WAITING}, MessageState.ANSWERING)
    .where(MESSAGE.c.id == bindparam("message"))
    .values(turn_id=bindparam("turn"))
)

_NEW_TURN = (
    insert(TURN)
    .values(
        key=bindparam("key"),
        conversation_id=bindparam("conversation"),
        binding_id=select(CONVERSATION.c.binding_id)
        .where(CONVERSATION.c.id == bindparam("conversation"))
        .scalar_subquery(),
        state=initial(TurnState.OPEN),
        attempts=bindparam("attempts"),
        retries=0,
        created_at=bindparam("now"),
        updated_at=bindparam("now"),
    )
    .returning(TURN.c.id)
)

_THIS_IF_OPEN = and_(TURN.c.id == bindparam("turn"), in_states(TURN.c.state, TurnState.OPEN))
_COUNT_ATTEMPT = (
    update(TURN)
    .where(_THIS_IF_OPEN)
    .values(attempts=TURN.c.attempts + 1, next_at=None, reason=None, updated_at=bindparam("now"))
)

_LATER = (
    update(TURN)
    .where(_THIS_IF_OPEN)
    .values(
        # The attempt was counted in advance, and has not died: an agent that is away for long must not use them up.
        attempts=TURN.c.attempts - bindparam("counted"),
        retries=TURN.c.retries + 1,
        next_at=bindparam("at"),
        reason=bindparam("why"),
        updated_at=bindparam("now"),
    )
)

_FOLLOW = (
    update(TURN)
    .where(_THIS_IF_OPEN, ~exists().where(BINDING.c.id == TURN.c.binding_id, IS_GIVEN_UP))
    .values(
        # Neither a death nor a failure: the agent is at work.
        attempts=TURN.c.attempts - bindparam("counted"),
        retries=0,
        run=bindparam("run"),
        run_at=bindparam("since"),
        next_at=bindparam("at"),
        updated_at=bindparam("now"),
    )
)

# With another key: agents answer a known one with what came of the run that it began.
_END_RUN = update(TURN).where(TURN.c.id == bindparam("turn")).values(key=bindparam("key"), run=None, run_at=None)

_UNCOUNT = (
    update(TURN)
    .where(TURN.c.id == bindparam("turn"), TURN.c.key == bindparam("key"))  # of one that was not stored the id is free
    .values(attempts=TURN.c.attempts - 1)
)

_END_TURN = {
    ending: transition({TurnState.OPEN}, ending)
    .where(TURN.c.id == bindparam("turn"))
    .values(reason=bindparam("why"), cause=bindparam("cause"), updated_at=bindparam("now"))
    for ending in (TurnState.DONE, TurnState.FAILED)
}

_END_MESSAGES = {
    ending: transition({MessageState.ANSWERING}, ending).where(MESSAGE.c.turn_id == bindparam("turn"))
    for ending in (MessageState.ANSWERED, MessageState.FAILED, MessageState.WAITING)
}

_FAILED = (
    select(
        TURN.c.id,
        TURN.c.conversation_id,
        BINDING.c.agent,
        BINDING.c.channel,
        TURN.c.attempts,
        TURN.c.reason,
        TURN.c.cause,
        TURN.c.updated_at,
        func.count(MESSAGE.c.id).label("messages"),
        CONVERSATION.c.last_inbound_at,
        func.min(func.coalesce(MESSAGE.c.received_at, MESSAGE.c.at)).label("stored_since"),
    )
    .select_from(
        TURN.join(CONVERSATION, CONVERSATION.c.id == TURN.c.conversation_id)
        .join(BINDING, BINDING.c.id == CONVERSATION.c.binding_id)
        # those of the erased are none
        .join(MESSAGE, and_(MESSAGE.c.turn_id == TURN.c.id, in_states(MESSAGE.c.state, MessageState.FAILED)))
    )
    .where(in_states(TURN.c.state, TurnState.FAILED))
    .group_by(TURN.c.id, BINDING.c.id, CONVERSATION.c.id)
    .order_by(TURN.c.id)
)

_CONVERSATION_OF = select(TURN.c.conversation_id).where(TURN.c.id == bindparam("turn"))
_PARKED_WITH_IT = (MESSAGE.c.turn_id == bindparam("turn"), in_states(MESSAGE.c.state, MessageState.FAILED))

_RESUBMIT = (
    transition({TurnState.FAILED}, TurnState.OPEN)
    .where(TURN.c.id == bindparam("turn"), exists().where(*_PARKED_WITH_IT))
    .values(
        attempts=0,
        retries=0,
        next_at=None,
        resubmitted_at=bindparam("now"),
        updated_at=bindparam("now"),
    )
)

_PARKED_MESSAGES = select(MESSAGE.c.id).where(*_PARKED_WITH_IT)
_RESUBMIT_MESSAGES = transition({MessageState.FAILED}, MessageState.ANSWERING).where(
    MESSAGE.c.turn_id == bindparam("turn")
)


def begin(
    tx: Tx, conversation: int, waiting: Sequence[Message], key: str, now: datetime, *, attempts: int = 0
) -> OpenTurn:
    """Open a turn over waiting messages; `attempts` is 1 if the first one is made as soon as this is on record."""
    turn = tx.number(_NEW_TURN, key=key, conversation=conversation, attempts=attempts, now=micros(now))
    for message in waiting:
        tx.run(_TAKE, message=message.id, turn=turn)
    waits_since = min(message.waits_since for message in waiting)
    writer = min((message.contact for message in waiting if message.contact), default=0)
    return OpenTurn(turn, key, attempts, 0, None, waits_since, writer)


def attempt(tx: Tx, turn: int, now: datetime) -> bool:
    """Count an attempt before it is made; False if the turn is not open any more."""
    return tx.run(_COUNT_ATTEMPT, turn=turn, now=micros(now)) > 0


def postpone(tx: Tx, turn: int, at: datetime, why: str, now: datetime, *, counted: bool) -> None:
    """Try an open turn again at a later time; the attempt did not die: if it was counted, it is a retry instead."""
    tx.run(_LATER, turn=turn, at=micros(at), why=why, now=micros(now), counted=int(counted))


def follow(
    tx: Tx, turn: int, run: str, since: datetime, at: datetime, now: datetime, *, agent: str, counted: bool
) -> bool:
    """Note that an agent works on a turn since a time, and look again `at` another.

    False if the turn is not open, or its agent was deleted, whose name was `agent`; then the run is noted as one that is to
    be ended. `counted`: the attempt that found it out was.
    """
    if tx.run(_FOLLOW, turn=turn, run=run, since=micros(since), at=micros(at), now=micros(now), counted=int(counted)):
        return True
    unwanted_runs.note_run(tx, turn, run, agent, now)
    return False


def disconnected(tx: Tx, turn: int, key: str, now: datetime) -> None:
    """Park a turn because its channel is disconnected; `key` is that of a run which begins when it is resubmitted."""
    if fail(tx, turn, "the channel is disconnected", now, Cause.HOST):
        unwanted_runs.note(tx, turn, now)
        end_run(tx, turn, key)


def end_run(tx: Tx, turn: int, key: str) -> None:
    """Note that the run for a turn has ended, and give the turn another key: a later attempt begins a run of its own."""
    tx.run(_END_RUN, turn=turn, key=key)


def uncount(tx: Tx, turn: OpenTurn) -> None:
    """A graceful shutdown ended the attempt before it could answer."""
    tx.run(_UNCOUNT, turn=turn.id, key=turn.key)


def finish(tx: Tx, turn: int, now: datetime) -> bool:
    """End a turn as answered; False if it was not open any more."""
    return _end(tx, turn, TurnState.DONE, MessageState.ANSWERED, None, now)


def fail(tx: Tx, turn: int, why: str, now: datetime, cause: Cause | None = None) -> bool:
    """Park a turn as failed, visible and fit to be resubmitted; `cause` says what it was if the agent did not fail."""
    return _end(tx, turn, TurnState.FAILED, MessageState.FAILED, why, now, cause)


def withdraw(tx: Tx, turn: int, now: datetime) -> bool:
    """End a turn whose person may not use the agent any more; its messages wait as if it had never been begun."""
    ended = _end(tx, turn, TurnState.DONE, MessageState.WAITING, "the gate was closed", now)
    if ended:
        unwanted_runs.note(tx, turn, now)
    return ended


def _end(
    tx: Tx,
    turn: int,
    state: TurnState,
    message_state: MessageState,
    why: str | None,
    now: datetime,
    cause: Cause | None = None,
) -> bool:
    ended = tx.run(_END_TURN[state], turn=turn, why=why, cause=cause, now=micros(now)) > 0
    if ended:
        tx.run(_END_MESSAGES[message_state], turn=turn)
    return ended


def failed(tx: Tx) -> list[FailedTurn]:
    """Every parked turn that could be resubmitted, oldest first."""
    return [
        FailedTurn(
            id=row.id,
            conversation=row.conversation_id,
            agent=row.agent,
            channel=row.channel,
            attempts=row.attempts,
            reason=row.reason or "",
            cause=Cause(row.cause) if row.cause else None,
            failed_at=moment(row.updated_at),
            messages=row.messages,
            last_inbound_at=moment(row.last_inbound_at),
            stored_since=moment(row.stored_since),
        )
        for row in tx.all(_FAILED)
    ]


def conversation_of(tx: Tx, turn: int) -> int | None:
    """Which conversation a turn belongs to; None if there is no such turn."""
    return tx.scalar(_CONVERSATION_OF, int, turn=turn)


def resubmit(tx: Tx, turn: int, now: datetime) -> bool:
    """Open a parked turn again with all its attempts; False if there is none, or its person has been erased."""
    if not tx.run(_RESUBMIT, turn=turn, now=micros(now)):
        return False
    tx.run(_RESUBMIT_MESSAGES, turn=turn)
    return True


def forget(tx: Tx, turn: int, now: datetime) -> bool:
    """Give a parked turn up for good: its texts are removed. False if there is none."""
    waiting = tx.scalars(_PARKED_MESSAGES, int, turn=turn)
    if waiting:
        unwanted_runs.note(tx, turn, now)
    messages.drop(tx, waiting, now)
    return bool(waiting)
