"""Alerts about bindings: raised once, mailed at most once a day, cleared when it works again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select, update

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.statements import insert
from trinity_channels.store.storable import storable
from trinity_channels.store.tables import BINDING, CHANNEL_ALERT
from trinity_channels.store.tx import Row, Tx

ACCOUNT = "account"
"""The code of alerts about what the provider itself has reported of an account."""
MAILED_AGAIN = timedelta(days=1)
"""An alert that is raised again so soon after a mail about it waits for its next mail."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something is wrong with a binding: what, since when, and how to fix it."""

    binding: int
    agent: str
    channel: str
    code: str
    cause: str
    fix: str
    raised_at: datetime


_COLUMNS = (
    CHANNEL_ALERT.c.binding_id,
    BINDING.c.agent,
    BINDING.c.channel,
    CHANNEL_ALERT.c.code,
    CHANNEL_ALERT.c.cause,
    CHANNEL_ALERT.c.fix,
    CHANNEL_ALERT.c.raised_at,
)
_JOINED = CHANNEL_ALERT.join(BINDING, BINDING.c.id == CHANNEL_ALERT.c.binding_id)
_OPEN = (
    select(*_COLUMNS)
    .select_from(_JOINED)
    .where(CHANNEL_ALERT.c.cleared_at.is_(None))
    .order_by(CHANNEL_ALERT.c.binding_id, CHANNEL_ALERT.c.code)
)
_OF_BINDING = (
    select(*_COLUMNS)
    .select_from(_JOINED)
    .where(CHANNEL_ALERT.c.binding_id == bindparam("binding"), CHANNEL_ALERT.c.cleared_at.is_(None))
    .order_by(CHANNEL_ALERT.c.code)
)
_UNMAILED = (
    select(*_COLUMNS)
    .select_from(_JOINED)
    .where(
        CHANNEL_ALERT.c.cleared_at.is_(None),
        or_(
            # Never mailed, or raised again since its last mail, which must be a day ago: what comes and goes does not
            # fill a mailbox.
            CHANNEL_ALERT.c.mailed_at.is_(None),
            (CHANNEL_ALERT.c.mailed_at < CHANNEL_ALERT.c.raised_at)
            & (CHANNEL_ALERT.c.mailed_at <= bindparam("before")),
        ),
    )
    .order_by(CHANNEL_ALERT.c.binding_id, CHANNEL_ALERT.c.code)
)
_NEW = insert(CHANNEL_ALERT).values(
    binding_id=bindparam("binding"),
    code=bindparam("code"),
    cause=bindparam("cause"),
    fix=bindparam("fix"),
    raised_at=bindparam("now"),
)
_RAISE = _NEW.on_conflict_do_update(
    index_elements=["binding_id", "code"],
    set_={
        "cause": _NEW.excluded.cause,
        "fix": _NEW.excluded.fix,
        "raised_at": _NEW.excluded.raised_at,
        "cleared_at": None,
    },
    # An alert that is open keeps its first cause and its time.
    where=CHANNEL_ALERT.c.cleared_at.is_not(None),
)
_THIS = (CHANNEL_ALERT.c.binding_id == bindparam("binding"), CHANNEL_ALERT.c.code == bindparam("code"))
_CLEAR = update(CHANNEL_ALERT).where(*_THIS, CHANNEL_ALERT.c.cleared_at.is_(None)).values(cleared_at=bindparam("now"))
_MAILED = update(CHANNEL_ALERT).where(*_THIS).values(mailed_at=bindparam("now"))


def is_open(tx: Tx, binding: int, code: str) -> bool:
    """Whether there is such an alert about a binding."""
    return any(one.code == code for one in of_binding(tx, binding))


def opened(tx: Tx) -> list[Alert]:
    """Every alert that is open, by binding and code."""
    return [_alert(row) for row in tx.all(_OPEN)]


def of_binding(tx: Tx, binding: int) -> list[Alert]:
    """The open alerts about one binding, by code."""
    return [_alert(row) for row in tx.all(_OF_BINDING, binding=binding)]


def unmailed(tx: Tx, now: datetime) -> list[Alert]:
    """Open alerts that a mail to the owner is due about."""
    return [_alert(row) for row in tx.all(_UNMAILED, before=micros(now - MAILED_AGAIN))]


def put(tx: Tx, binding: int, code: str, cause: str, fix: str, now: datetime) -> bool:
    """Raise an alert; False if it was open already."""
    return tx.run(_RAISE, binding=binding, code=code, cause=storable(cause), fix=storable(fix), now=micros(now)) > 0


def clear(tx: Tx, binding: int, code: str, now: datetime) -> bool:
    """It works again; False if the alert was not open."""
    return tx.run(_CLEAR, binding=binding, code=code, now=micros(now)) > 0


def mailed(tx: Tx, alert: Alert, now: datetime) -> None:
    """The owner has had a mail about an alert."""
    tx.run(_MAILED, binding=alert.binding, code=alert.code, now=micros(now))


def _alert(row: Row) -> Alert:
    return Alert(
        binding=row.binding_id,
        agent=row.agent,
        channel=row.channel,
        code=row.code,
        cause=row.cause,
        fix=row.fix,
        raised_at=moment(row.raised_at),
    )
