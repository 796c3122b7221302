"""Browsers that are signed in to the pages. The database holds the digest of a cookie, never the cookie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.tables import PAGE_SESSION
from trinity_channels.store.tx import Row, Tx


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session; see the table for what its fields mean."""

    id: int
    role: str
    subject: str
    credential: str
    created_at: datetime
    used_at: datetime


_COLUMNS = (
    PAGE_SESSION.c.id,
    PAGE_SESSION.c.role,
    PAGE_SESSION.c.subject,
    PAGE_SESSION.c.credential,
    PAGE_SESSION.c.created_at,
    PAGE_SESSION.c.used_at,
)
_FIND = select(*_COLUMNS).where(PAGE_SESSION.c.digest == bindparam("digest"))
_OF = (
    select(*_COLUMNS)
    .where(PAGE_SESSION.c.role == bindparam("role"), PAGE_SESSION.c.subject == bindparam("subject"))
    .order_by(PAGE_SESSION.c.id)
)
_ADD = insert(PAGE_SESSION).values(
    digest=bindparam("digest"),
    role=bindparam("role"),
    subject=bindparam("subject"),
    credential=bindparam("credential"),
    created_at=bindparam("now"),
    used_at=bindparam("now"),
)
_USED = update(PAGE_SESSION).where(PAGE_SESSION.c.id == bindparam("session")).values(used_at=bindparam("now"))
_DELETE = delete(PAGE_SESSION).where(PAGE_SESSION.c.id == bindparam("session"))
_DELETE_OF = delete(PAGE_SESSION).where(
    PAGE_SESSION.c.role == bindparam("role"), PAGE_SESSION.c.subject == bindparam("subject")
)
_DELETE_UNUSED = delete(PAGE_SESSION).where(PAGE_SESSION.c.used_at <= bindparam("before"))
_DELETE_OLD = delete(PAGE_SESSION).where(PAGE_SESSION.c.created_at <= bindparam("before"))


def find(tx: Tx, digest: str) -> StoredSession | None:
    """The session of a cookie with this digest, whether or not its time is over."""
    row = tx.one(_FIND, digest=digest)
    return None if row is None else _session(row)


def of(tx: Tx, role: str, subject: str) -> list[StoredSession]:
    """The sessions of one principal, oldest first."""
    return [_session(row) for row in tx.all(_OF, role=role, subject=subject)]


def add(tx: Tx, digest: str, role: str, subject: str, credential: str, now: datetime) -> None:
    """Store a new session."""
    tx.run(_ADD, digest=digest, role=role, subject=subject, credential=credential, now=micros(now))


def used(tx: Tx, session: int, now: datetime) -> None:
    """Note that a session was used."""
    tx.run(_USED, session=session, now=micros(now))


def end(tx: Tx, session: int) -> bool:
    """Delete a session; False if there was none."""
    return tx.run(_DELETE, session=session) > 0


def end_all(tx: Tx, role: str, subject: str) -> int:
    """Delete all sessions of one principal; returns how many there were."""
    return tx.run(_DELETE_OF, role=role, subject=subject)


def delete_ended(tx: Tx, *, unused_since: datetime, created_before: datetime) -> int:
    """Delete the sessions whose time is over; returns how many there were."""
    # Two statements, so that each finds its index.
    return tx.run(_DELETE_UNUSED, before=micros(unused_since)) + tx.run(_DELETE_OLD, before=micros(created_before))


def _session(row: Row) -> StoredSession:
    return StoredSession(
        id=row.id,
        role=row.role,
        subject=row.subject,
        credential=row.credential,
        created_at=moment(row.created_at),
        used_at=moment(row.used_at),
    )
