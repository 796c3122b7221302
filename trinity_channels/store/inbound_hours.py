"""In how many conversations people wrote, by binding and hour: counted afterwards, so that accepting costs nothing.

Each message is counted once, when its hour is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, bindparam, delete, distinct, func, literal_column, select

from trinity_channels.store import settings
from trinity_channels.store.clock import micros, moment
from trinity_channels.store.statements import greatest, insert
from trinity_channels.store.tables import INBOUND_HOUR, MESSAGE
from trinity_channels.store.tx import Row, Tx

HOUR = timedelta(hours=1)
KEPT = timedelta(days=22)
READ_AT_ONCE = 50_000
"""Messages that one reading counts. A conversation that goes on beyond them counts once more."""
FIRST_READ = 100_000
"""Of a database in which nothing was counted yet, only the newest messages are."""
SHORT_BREAK = timedelta(hours=2)
"""A host that was away for less counts as having listened; it notes once an hour that it listens."""
_LISTENING = "listening"
_CURSOR = "inbound_hours_counted_to"
_MICROS = HOUR // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Messages of hours that are over, up to an id: rows of binding, hour, conversations, and when the last was stored."""

    rows: Sequence[Row]
    upto: int


_AT = func.coalesce(MESSAGE.c.received_at, MESSAGE.c.at)
_HOUR = _AT // literal_column(str(_MICROS), BigInteger)
# A sum keeps SQLite from reading all messages by binding.
_BINDING = (MESSAGE.c.binding_id + literal_column("0")).label("binding_id")
_NEWEST = select(func.coalesce(func.max(MESSAGE.c.id), 0))
# Ids and times of storing rise together.
_FIRST_OF_HOUR = (
    select(MESSAGE.c.id)
    .where(MESSAGE.c.id > bindparam("after"), bindparam("since") <= _AT)
    .order_by(MESSAGE.c.id)
    .limit(literal_column("1"))
)
_COUNT = (
    select(
        _BINDING,
        _HOUR.label("hour"),
        func.count(distinct(MESSAGE.c.conversation_id)).label("conversations"),
        func.max(_AT).label("last_at"),
    )
    .where(MESSAGE.c.id > bindparam("after"), MESSAGE.c.id <= bindparam("upto"), MESSAGE.c.event_id.is_not(None))
    .group_by(_BINDING, _HOUR)
)
_LAST = (
    select(_BINDING, func.max(_AT).label("last_at"))
    .where(MESSAGE.c.id > bindparam("after"), MESSAGE.c.event_id.is_not(None))
    .group_by(_BINDING)
)
_LAST_COUNTED = select(func.max(INBOUND_HOUR.c.last_at)).where(INBOUND_HOUR.c.binding_id == bindparam("binding"))
_NEW = insert(INBOUND_HOUR).values(
    binding_id=bindparam("binding"),
    hour=bindparam("hour"),
    conversations=bindparam("conversations"),
    last_at=bindparam("last_at"),
)
_ADD = _NEW.on_conflict_do_update(
    index_elements=["binding_id", "hour"],
    set_={
        "conversations": INBOUND_HOUR.c.conversations + _NEW.excluded.conversations,
        # An hour may be counted in two readings.
        "last_at": greatest(INBOUND_HOUR.c.last_at, _NEW.excluded.last_at),
    },
)
_FORGET = delete(INBOUND_HOUR).where(
    INBOUND_HOUR.c.binding_id == bindparam("binding"), INBOUND_HOUR.c.hour < bindparam("before")
)
_OF_BINDING = select(INBOUND_HOUR.c.hour, INBOUND_HOUR.c.conversations).where(
    INBOUND_HOUR.c.binding_id == bindparam("binding")
)


def hour_of(at: datetime) -> int:
    """The hour that a time lies in, counted from 1970 UTC."""
    return micros(at) // _MICROS


def uncounted(tx: Tx, now: datetime) -> Uncounted | None:
    """What is to be counted, at most `READ_AT_ONCE` messages; None if there is nothing."""
    newest = tx.number(_NEWEST)
    after = _counted(tx)
    first = tx.scalar(_FIRST_OF_HOUR, int, after=after, since=hour_of(now) * _MICROS)
    upto = min(newest if first is None else first - 1, after + READ_AT_ONCE)
    return Uncounted(tx.all(_COUNT, after=after, upto=upto), upto) if upto > after else None


def add(tx: Tx, found: Uncounted, now: datetime) -> None:
    """Add what was found, and forget what is too old."""
    for row in found.rows:
        values = {"hour": row.hour, "conversations": row.conversations, "last_at": row.last_at}
        tx.run(_ADD, binding=row.binding_id, **values)
        # Beside the counting: a binding that no one writes to has nothing new to forget.
        tx.run(_FORGET, binding=row.binding_id, before=hour_of(now - KEPT))
    settings.put(tx, _CURSOR, str(found.upto))


def hours(tx: Tx, binding: int) -> dict[int, int]:
    """Conversations in which people wrote to a binding, by hour, of the hours that are counted."""
    return {row.hour: row.conversations for row in tx.all(_OF_BINDING, binding=binding)}


def last_heard(tx: Tx, bindings: Sequence[int]) -> dict[int, datetime]:
    """When the newest message of each binding was stored; bindings that heard none for `KEPT` are left out."""
    times: dict[int, datetime] = {row.binding_id: moment(row.last_at) for row in tx.all(_LAST, after=_counted(tx))}
    for binding in bindings:
        if binding not in times and (counted := tx.scalar(_LAST_COUNTED, moment, binding=binding)):
            times[binding] = counted
    return {binding: times[binding] for binding in bindings if binding in times}


def listens(tx: Tx, now: datetime) -> datetime:
    """Note that the host listens; returns since when it has."""
    since, last = (int(one) for one in (settings.get(tx, _LISTENING) or "0 0").split())
    # Also if the clock was set back: silence in hours that were not listened to means nothing.
    if not moment(last) <= now < moment(last) + SHORT_BREAK:
        since = micros(now)
    settings.put(tx, _LISTENING, f"{since} {micros(now)}")
    return moment(since)


def _counted(tx: Tx) -> int:
    """Up to which message they are counted."""
    stored = settings.get(tx, _CURSOR)
    return int(stored) if stored is not None else max(0, tx.number(_NEWEST) - FIRST_READ)
