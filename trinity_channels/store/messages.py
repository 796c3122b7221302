"""Messages: what we say, and what becomes of what people wrote: held, released, answered, dropped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, insert, literal_column, select, update

from trinity_channels.api import Part
from trinity_channels.store.clock import micros, moment
from trinity_channels.store.conversation_state import ConversationState
from trinity_channels.store.parts import dump
from trinity_channels.store.states import MESSAGES, MessageState, OutboxState
from trinity_channels.store.storable import storable
from trinity_channels.store.tables import CONVERSATION, DELIVERY, MESSAGE
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.transitions import initial, transition
from trinity_channels.store.tx import Tx

_THIS = MESSAGE.c.id == bindparam("message")
_CLEARED: dict[str, object] = {"text": "", "parts": None, "cleared_at": bindparam("now")}

_HANDLE = transition({MessageState.WAITING}, MessageState.HANDLED).where(_THIS)
_HOLD = transition({MessageState.WAITING}, MessageState.HELD).where(_THIS)
_RELEASE = transition({MessageState.HELD}, MessageState.WAITING).where(_THIS).values(released_at=bindparam("now"))
_DROP = transition(MESSAGES.origins(MessageState.DROPPED), MessageState.DROPPED).where(_THIS).values(**_CLEARED)
_EXPIRE = transition({MessageState.HELD}, MessageState.EXPIRED).where(_THIS).values(**_CLEARED)

_REWRITE = (
    update(MESSAGE)
    .where(_THIS, MESSAGE.c.cleared_at.is_(None))
    .values(text=bindparam("text"), parts=bindparam("parts"))
)

_SET_PARTS = (
    update(MESSAGE).where(_THIS, in_states(MESSAGE.c.state, MessageState.ANSWERING)).values(parts=bindparam("parts"))
)

_STORE_OURS = {
    state: insert(MESSAGE)
    .values(
        binding_id=bindparam("binding"),
        conversation_id=bindparam("conversation"),
        origin=bindparam("origin"),
        text=bindparam("text"),
        state=initial(state),
        at=bindparam("now"),
        stranger_id=bindparam("stranger"),
        answers_id=bindparam("answers"),
    )
    .returning(MESSAGE.c.id)
    for state in (MessageState.ANSWERED, MessageState.NOTICE)
}

_QUEUE = insert(DELIVERY).values(
    binding_id=bindparam("binding"),
    conversation_id=bindparam("conversation"),
    message_id=bindparam("message"),
    address=bindparam("address"),
    text=bindparam("text"),
    state=initial(OutboxState.READY),
    attempts=0,
    created_at=bindparam("now"),
    updated_at=bindparam("now"),
)

_SET_NEEDS_TURN = (
    update(CONVERSATION)
    .where(CONVERSATION.c.id == bindparam("conversation"))
    .values(needs_turn=bindparam("needs_turn"))
)

_NEWEST = select(func.coalesce(func.max(MESSAGE.c.id), 0))

# Backwards from the newest, which soon finds one. The sum keeps SQLite from sorting all messages of the binding instead.
_LAST_INBOUND = (
    select(MESSAGE.c.at)
    .where(
        MESSAGE.c.id <= bindparam("upto"),
        MESSAGE.c.binding_id + literal_column("0") == bindparam("binding"),
        MESSAGE.c.event_id.is_not(None),
    )
    .order_by(MESSAGE.c.id.desc())
    .limit(1)
)

_HELD = (
    select(MESSAGE.c.id, MESSAGE.c.at)
    .where(MESSAGE.c.conversation_id == bindparam("conversation"), in_states(MESSAGE.c.state, MessageState.HELD))
    .order_by(MESSAGE.c.id.desc())
)


def handled(tx: Tx, message: int) -> None:
    """A waiting message was a command, and has been obeyed."""
    tx.run(_HANDLE, message=message)


def drop(tx: Tx, messages: Sequence[int], now: datetime) -> None:
    """Give messages up that the agent will not see, or not again: what they say is removed at once."""
    for message in messages:
        tx.run(_DROP, message=message, now=micros(now))


def complete(tx: Tx, message: int, content: Sequence[Part]) -> None:
    """Replace what came with a message that an agent is being given; one that was erased meanwhile stays so."""
    tx.run(_SET_PARTS, message=message, parts=dump(content))


def rewrite(tx: Tx, message: int, text: str, content: Sequence[Part]) -> None:
    """Replace what a message says, without the code that it held; without effect if its text was removed."""
    tx.run(_REWRITE, message=message, text=storable(text), parts=dump(content))


def queue(
    tx: Tx,
    state: ConversationState,
    text: str,
    parts: Sequence[str],
    origin: str,
    now: datetime,
    *,
    stranger: int | None = None,
    answers: int | None = None,
) -> int:
    """Store what we say and queue its parts, in order; returns the message's id.

    `origin` is agent, notice or proactive. A notice is not part of what the agent sees later. `stranger` is the contact
    without a verified e-mail for whom it is said, `answers` the message that it answers.
    """
    at = micros(now)
    message = tx.number(
        _STORE_OURS[MessageState.NOTICE if origin == "notice" else MessageState.ANSWERED],
        binding=state.binding,
        conversation=state.conversation,
        origin=origin,
        text=storable(text),
        now=at,
        stranger=stranger,
        answers=answers,
    )
    for part in parts:
        tx.run(
            _QUEUE,
            binding=state.binding,
            conversation=state.conversation,
            message=message,
            address=state.address,
            text=part,
            now=at,
        )
    return message


def request_turn(tx: Tx, conversation: int) -> None:
    """A step is called for, although no message arrived: a decision is to be told, or the gate may have opened."""
    tx.run(_SET_NEEDS_TURN, conversation=conversation, needs_turn=True)


def turn_taken(tx: Tx, conversation: int) -> None:
    """The step has been taken."""
    tx.run(_SET_NEEDS_TURN, conversation=conversation, needs_turn=False)


def hold(tx: Tx, conversation: int, messages: Sequence[int], most: int, now: datetime) -> None:
    """Keep messages until the gate opens, the latest `most` of the conversation; older ones are dropped."""
    for message in messages:
        tx.run(_HOLD, message=message)
    rows = tx.all(_HELD, conversation=conversation)
    # The latest are what the person still wants to know when the gate opens.
    drop(tx, [row.id for row in rows[most:]], now)


def release(tx: Tx, conversation: int, oldest: datetime, now: datetime) -> int:
    """The gate has opened: held messages since `oldest` wait from now on, older ones expire. Returns how many wait."""
    # A question that old is not answered without being asked again.
    limit = micros(oldest)
    rows = tx.all(_HELD, conversation=conversation)
    for row in rows:
        tx.run(_RELEASE if row.at >= limit else _EXPIRE, message=row.id, now=micros(now))
    return sum(row.at >= limit for row in rows)


def newest(tx: Tx) -> int:
    """The id of the newest message; 0 if there is none."""
    return tx.number(_NEWEST)


def last_inbound(tx: Tx, binding: int, upto: int) -> datetime | None:
    """When a binding's last message from a person was written, of the messages up to an id."""
    return tx.scalar(_LAST_INBOUND, moment, binding=binding, upto=upto)
