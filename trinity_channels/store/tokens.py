"""Bearer tokens of the API, as hashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.database import Tx
from trinity_channels.store.tables import TOKEN


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token's owner: role admin, user (subject: e-mail) or agent (subject: its name)."""

    id: int
    role: str
    subject: str
    created_at: datetime


_COLUMNS = (TOKEN.c.id, TOKEN.c.role, TOKEN.c.subject, TOKEN.c.created_at)
_FIND = select(*_COLUMNS).where(TOKEN.c.digest == bindparam("digest"))
_ALL = select(*_COLUMNS).order_by(TOKEN.c.id)
_ADD = insert(TOKEN).values(
    digest=bindparam("digest"), role=bindparam("role"), subject=bindparam("subject"), created_at=bindparam("now")
)
_DELETE = delete(TOKEN).where(TOKEN.c.id == bindparam("token"))


def find(tx: Tx, digest: str) -> StoredToken | None:
    """The token with this digest."""
    row = tx.one(_FIND, digest=digest)
    return None if row is None else StoredToken(row[0], row[1], row[2], moment(row[3]))


def add(tx: Tx, digest: str, role: str, subject: str, now: datetime) -> None:
    """Store a token."""
    tx.run(_ADD, digest=digest, role=role, subject=subject, now=micros(now))


def every(tx: Tx) -> list[StoredToken]:
    """Every token, oldest first."""
    return [StoredToken(row[0], row[1], row[2], moment(row[3])) for row in tx.all(_ALL)]


def revoke(tx: Tx, token: int) -> bool:
    """Delete a token; False if there was none."""
    return tx.run(_DELETE, token=token) > 0
