"""Remove what was kept long enough: texts of messages and what hangs on them, login codes, the audit log; in small batches.

Messages are looked at in the order of their ids, which is nearly that of their age, so that finding the old ones needs no
index: a sweep remembers the id that it has come to. What is still open work then is noted, and looked at again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from sqlalchemy import bindparam, delete, exists, func, literal_column, select, update

from trinity_channels.store.clock import micros
from trinity_channels.store.statements import insert
from trinity_channels.store.states import MESSAGES, OPEN_DELIVERIES, PARKED_DELIVERIES, MessageState, TurnState
from trinity_channels.store.tables import (
    AUDIT,
    BINDING,
    DELIVERY,
    LOGIN_CODE,
    MESSAGE,
    PROACTIVE,
    SWEEP,
    SWEEP_LEFT,
    TURN,
)
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.transitions import transition
from trinity_channels.store.tx import Row, Tx

PAGE = 500
"""Messages that are read at once."""

_OPEN_DELIVERY = exists().where(
    DELIVERY.c.message_id == MESSAGE.c.id,
    in_states(DELIVERY.c.state, *OPEN_DELIVERIES),
)
_IS_OPEN = in_states(MESSAGE.c.state, MessageState.WAITING, MessageState.ANSWERING) | _OPEN_DELIVERY
_STORED_AT = func.coalesce(MESSAGE.c.received_at, MESSAGE.c.at)
_COLUMNS = (
    MESSAGE.c.id,
    MESSAGE.c.binding_id,
    MESSAGE.c.turn_id,
    MESSAGE.c.state,
    _STORED_AT.label("stored_at"),
    MESSAGE.c.cleared_at,
    _IS_OPEN.label("is_open"),
)
_NEXT = select(*_COLUMNS).where(MESSAGE.c.id > bindparam("after")).order_by(MESSAGE.c.id).limit(bindparam("most"))
_LEFT = (
    select(*_COLUMNS)
    .select_from(SWEEP_LEFT.join(MESSAGE, MESSAGE.c.id == SWEEP_LEFT.c.message_id))
    .where(SWEEP_LEFT.c.message_id > bindparam("after"))
    .order_by(SWEEP_LEFT.c.message_id)
    .limit(bindparam("most"))
)
_LEAVE = insert(SWEEP_LEFT).values(message_id=bindparam("message")).on_conflict_do_nothing()
_NOT_LEFT = delete(SWEEP_LEFT).where(SWEEP_LEFT.c.message_id == bindparam("message"))

_UPTO = select(SWEEP.c.upto).where(SWEEP.c.name == bindparam("name"))
_ADVANCE = insert(SWEEP).values(name=bindparam("name"), upto=bindparam("upto"))
_ADVANCE = _ADVANCE.on_conflict_do_update(index_elements=["name"], set_={"upto": _ADVANCE.excluded.upto})
_BINDINGS = select(BINDING.c.id, BINDING.c.agent, BINDING.c.channel, BINDING.c.swept_days).order_by(BINDING.c.id)
_SWEPT_BY = update(BINDING).where(BINDING.c.id == bindparam("binding")).values(swept_days=bindparam("days"))

# What was parked, or held for a gate that did not open, ends with its text.
_MAY_EXPIRE = MESSAGES.origins(MessageState.EXPIRED)
_THIS = (MESSAGE.c.id == bindparam("message"), MESSAGE.c.cleared_at.is_(None), ~_IS_OPEN)
_CLEARED: dict[str, object] = {"text": "", "parts": None, "cleared_at": bindparam("now")}
_CLEAR = update(MESSAGE).where(*_THIS, ~in_states(MESSAGE.c.state, *_MAY_EXPIRE)).values(**_CLEARED)
_EXPIRE = transition(_MAY_EXPIRE, MessageState.EXPIRED).where(*_THIS).values(**_CLEARED)
_IS_PARKED = in_states(DELIVERY.c.state, *PARKED_DELIVERIES)
_CLEAR_PARKED = (
    update(DELIVERY)
    .where(DELIVERY.c.message_id == bindparam("message"), _IS_PARKED, DELIVERY.c.text != literal_column("''"))
    .values(text="", address="", failure=bindparam("why"))
)
_CLEAR_SENT = (
    update(DELIVERY)
    .where(DELIVERY.c.message_id == bindparam("message"), DELIVERY.c.text != literal_column("''"))
    .values(text="", address="", failure=None)
)
# Its reason may quote what people wrote.
_CLEAR_TURN = (
    update(TURN)
    .where(TURN.c.id == bindparam("turn"), in_states(TURN.c.state, TurnState.FAILED), TURN.c.reason != bindparam("why"))
    .values(reason=bindparam("why"))
)
_DELETE_PROACTIVE = delete(PROACTIVE).where(PROACTIVE.c.message_id == bindparam("message"))

# The oldest have the lowest ids, so only these are looked at.
_OLD_CODES = (
    LOGIN_CODE.c.id < select(func.min(LOGIN_CODE.c.id)).scalar_subquery() + bindparam("most"),
    func.coalesce(LOGIN_CODE.c.locked_at, LOGIN_CODE.c.created_at) < bindparam("before"),
)
_OLD_AUDIT = (
    AUDIT.c.id < select(func.min(AUDIT.c.id)).scalar_subquery() + bindparam("most"),
    AUDIT.c.at < bindparam("before"),
)
_HAS_CODES = select(LOGIN_CODE.c.id).where(*_OLD_CODES).limit(literal_column("1"))
_DELETE_CODES = delete(LOGIN_CODE).where(*_OLD_CODES)
_HAS_AUDIT = select(AUDIT.c.id).where(*_OLD_AUDIT).limit(literal_column("1"))
_DELETE_AUDIT = delete(AUDIT).where(*_OLD_AUDIT)


@dataclass(frozen=True, slots=True)
class Kept:
    """A binding, and the days that its messages were kept when they were last swept; None if they never were."""

    binding: int
    agent: str
    channel: str
    days: int | None


@dataclass(frozen=True, slots=True)
class Sweep:
    """One way through the messages, from the oldest.

    Attributes:
        name: under which its progress is kept.
        days: how long the messages of each binding are kept; others are passed over.
        before: messages that were stored later are not looked at.
        held_before: what is held for the gate stays if it was stored later.
        only_held: nothing else is looked at.
    """

    name: str
    days: Mapping[int, int]
    before: datetime
    held_before: datetime
    only_held: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """A message whose text is to be removed, with its turn."""

    message: int
    binding: int
    turn: int | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one look at the messages found.

    Attributes:
        due: messages to clear.
        left: open work that is passed over.
        settled: messages that were passed over before and need not be looked at again.
        upto: the id up to which messages have been looked at.
        moved: that is further than before.
        more: there may be more to find behind it.
    """

    due: Sequence[Due] = ()
    left: Sequence[int] = ()
    settled: Sequence[int] = ()
    upto: int = 0
    moved: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True)
class Removed:
    """How many rows lost what they said, or are gone, by kind; and how many parked ones of them each binding had."""

    rows: Counter[str] = field(default_factory=Counter)
    parked: Counter[int] = field(default_factory=Counter)


class _Status(Enum):
    DUE = auto()
    OPEN = auto()
    NOTHING = auto()


def bindings(tx: Tx) -> list[Kept]:
    """Every binding, connected or not."""
    return [Kept(row.id, row.agent, row.channel, row.swept_days) for row in tx.all(_BINDINGS)]


def swept_by(tx: Tx, binding: int, days: int, *, again: str | None) -> None:
    """Remember how long the messages of a binding are kept from now on; the sweep `again` begins again."""
    tx.run(_SWEPT_BY, binding=binding, days=days)
    if again is not None:
        # A shorter retention makes messages due that the sweep has passed already.
        tx.run(_ADVANCE, name=again, upto=0)


def find(tx: Tx, sweep: Sweep, now: datetime, *, most: int, pages: int) -> Batch:
    """The next messages of a sweep: at most `most` that are due or open work, among at most so many `pages`."""
    start = upto = tx.scalar(_UPTO, int, name=sweep.name) or 0
    due: list[Due] = []
    left: list[int] = []
    for _ in range(pages):
        rows = tx.all(_NEXT, after=upto, most=PAGE)
        for one in rows:
            is_full = len(due) + len(left) == most
            # Ids rise with time: from the first that is too young on, nothing is due.
            if is_full or micros(sweep.before) <= one.stored_at <= micros(now):
                return Batch(due, left, upto=upto, moved=upto > start, more=is_full)
            upto = one.id
            status = _status(one, sweep, now)
            if status is _Status.DUE:
                due.append(_due(one))
            elif status is _Status.OPEN:
                left.append(one.id)
        if len(rows) < PAGE:
            return Batch(due, left, upto=upto, moved=upto > start)
    return Batch(due, left, upto=upto, moved=True, more=True)


def is_due(tx: Tx, sweep: Sweep, now: datetime) -> bool:
    """Whether a sweep has messages to look at."""
    found = find(tx, sweep, now, most=1, pages=1)
    return found.moved or found.more


def find_left(tx: Tx, sweeps: Mapping[int, Sweep], now: datetime, *, after: int, most: int) -> Batch:
    """What has become of messages that were passed over, from an id on; `sweeps` by binding."""
    due: list[Due] = []
    settled: list[int] = []
    rows = tx.all(_LEFT, after=after, most=most)
    for one in rows:
        sweep = sweeps.get(one.binding_id)
        if one.cleared_at is not None or sweep is None:
            settled.append(one.id)
        elif one.stored_at < micros(sweep.before) and _status(one, sweep, now) is _Status.DUE:
            due.append(_due(one))
    return Batch(due, settled=settled, upto=rows[-1].id if rows else after, more=len(rows) == most)


def is_left_due(tx: Tx, sweeps: Mapping[int, Sweep], now: datetime, *, most: int) -> bool:
    """Whether something is to be done about messages that were passed over, or there are more than `most`."""
    found = find_left(tx, sweeps, now, after=0, most=most)
    return bool(found.due or found.settled) or found.more


def _status(row: Row, sweep: Sweep, now: datetime) -> _Status:
    is_held = row.state == MessageState.HELD
    if row.cleared_at is not None or row.binding_id not in sweep.days or (sweep.only_held and not is_held):
        return _Status.NOTHING
    if row.is_open or row.stored_at > micros(now) or (is_held and row.stored_at >= micros(sweep.held_before)):
        return _Status.OPEN  # or stored while the clock was ahead
    return _Status.DUE


def _due(row: Row) -> Due:
    return Due(message=row.id, binding=row.binding_id, turn=row.turn_id)


def clear(tx: Tx, batch: Batch, days: Mapping[int, int], now: datetime) -> Removed:
    """Remove the texts of a batch; what has become open work meanwhile is passed over."""
    removed = Removed()
    for one in batch.due:
        values = {"message": one.message, "now": micros(now)}
        # Asked again by the statements themselves: it was found in another transaction, and may be open work by now.
        if tx.run(_CLEAR, **values) or tx.run(_EXPIRE, **values):
            _clear_around(tx, one, f"Removed after {days[one.binding]} days.", removed)
            tx.run(_NOT_LEFT, message=one.message)
        else:
            tx.run(_LEAVE, message=one.message)
    for message in batch.left:
        tx.run(_LEAVE, message=message)
    for message in batch.settled:
        tx.run(_NOT_LEFT, message=message)
    return removed


def _clear_around(tx: Tx, one: Due, why: str, removed: Removed) -> None:
    """The same for what hangs on a message that was cleared."""
    # Before the others, which would empty them without a reason.
    parked = tx.run(_CLEAR_PARKED, message=one.message, why=why)
    turns = tx.run(_CLEAR_TURN, turn=one.turn, why=why) if one.turn is not None else 0
    removed.rows["messages"] += 1
    removed.rows["deliveries"] += parked + tx.run(_CLEAR_SENT, message=one.message)
    removed.rows["turns"] += turns
    removed.rows["proactive_messages"] += tx.run(_DELETE_PROACTIVE, message=one.message)
    if parked or turns:
        removed.parked[one.binding] += parked + turns


def advance(tx: Tx, sweep: str, upto: int) -> None:
    """Remember how far a sweep has come."""
    tx.run(_ADVANCE, name=sweep, upto=upto)


def has_codes(tx: Tx, before: datetime, *, most: int) -> bool:
    """Whether `delete_codes` would delete any."""
    return tx.one(_HAS_CODES, before=micros(before), most=most) is not None


def has_audit(tx: Tx, before: datetime, *, most: int) -> bool:
    """Whether `delete_audit` would delete any."""
    return tx.one(_HAS_AUDIT, before=micros(before), most=most) is not None


def delete_codes(tx: Tx, before: datetime, *, most: int) -> int:
    """Delete login codes that were made before a time, the oldest first; returns how many."""
    return tx.run(_DELETE_CODES, before=micros(before), most=most)


def delete_audit(tx: Tx, before: datetime, *, most: int) -> int:
    """The same for entries of the audit log."""
    return tx.run(_DELETE_AUDIT, before=micros(before), most=most)
