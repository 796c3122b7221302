"""Links that sign an owner in, as they were asked for: by their digest, and counted for the limits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, func, insert, select, update

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.tables import SIGN_IN_LINK
from trinity_channels.store.tx import Row, Tx

_ADD = insert(SIGN_IN_LINK).values(
    digest=bindparam("digest"),
    email=bindparam("email"),
    mailbox=bindparam("mailbox"),
    source=bindparam("source"),
    created_at=bindparam("now"),
)
_FIND = select(SIGN_IN_LINK.c.email).where(
    SIGN_IN_LINK.c.digest == bindparam("digest"),
    SIGN_IN_LINK.c.created_at > bindparam("since"),
    SIGN_IN_LINK.c.used_at.is_(None),
)
_USE = (
    update(SIGN_IN_LINK)
    .where(
        SIGN_IN_LINK.c.digest == bindparam("digest"),
        SIGN_IN_LINK.c.created_at > bindparam("since"),
        SIGN_IN_LINK.c.used_at.is_(None),
    )
    .values(used_at=bindparam("now"))
)
_COUNT = select(func.count().label("number"), func.min(SIGN_IN_LINK.c.created_at).label("first")).where(
    SIGN_IN_LINK.c.created_at > bindparam("since")
)
_OF_MAILBOX = _COUNT.where(SIGN_IN_LINK.c.mailbox == bindparam("mailbox"))
_OF_SOURCE = _COUNT.where(SIGN_IN_LINK.c.source == bindparam("source"))
_OF_BOTH = _OF_MAILBOX.where(SIGN_IN_LINK.c.source == bindparam("source"))
_DELETE_OLD = delete(SIGN_IN_LINK).where(SIGN_IN_LINK.c.created_at <= bindparam("before"))

Count = tuple[int, datetime | None]
"""How many requests there were, and when the first was."""


def add(tx: Tx, *, digest: str, email: str, mailbox: str, source: str, now: datetime) -> None:
    """Store a request; without `digest` and `email` nothing was mailed."""
    tx.run(_ADD, digest=digest, email=email, mailbox=mailbox, source=source, now=micros(now))


def find(tx: Tx, digest: str, since: datetime) -> str | None:
    """The e-mail that an unused link signs in, if it was made after `since`."""
    return tx.scalar(_FIND, str, digest=digest, since=micros(since))


def use(tx: Tx, digest: str, since: datetime, now: datetime) -> str | None:
    """The same as `find`; the link is used up."""
    email = find(tx, digest, since)
    if email is not None:
        # In the transaction that found it, and writing units run one by one: a link works once.
        tx.run(_USE, digest=digest, since=micros(since), now=micros(now))
    return email


def of_mailbox(tx: Tx, mailbox: str, since: datetime) -> Count:
    """The requests for a mailbox."""
    return _count(tx.one(_OF_MAILBOX, mailbox=mailbox, since=micros(since)))


def of_source(tx: Tx, source: str, since: datetime) -> Count:
    """The requests from a source."""
    return _count(tx.one(_OF_SOURCE, source=source, since=micros(since)))


def of_both(tx: Tx, mailbox: str, source: str, since: datetime) -> Count:
    """The requests for a mailbox from a source."""
    return _count(tx.one(_OF_BOTH, mailbox=mailbox, source=source, since=micros(since)))


def delete_old(tx: Tx, before: datetime) -> int:
    """Delete what no limit counts any more; returns how many there were."""
    return tx.run(_DELETE_OLD, before=micros(before))


def _count(row: Row | None) -> Count:
    return (row.number, moment(row.first)) if row else (0, None)
