"""Bearer tokens of the API, as hashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from trinity_channels.store import settings
from trinity_channels.store.clock import micros, moment
from trinity_channels.store.tables import TOKEN
from trinity_channels.store.tx import Row, Tx

USE_NOTED = timedelta(minutes=1)
"""How exact a token's last use is: it is not written more often than this."""

_LAST = "last_token"
"""The setting that keeps the id of the newest token."""


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token without its secret: role admin, user (subject: e-mail) or agent (subject: its name).

    Attributes:
        label: what its maker calls it.
        created_by: the audit actor who made it.
        expires_at: from when it is refused; None means never.
        last_used_at: when a request last carried it, to the minute.
    """

    id: int
    role: str
    subject: str
    label: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None

    def expired(self, now: datetime) -> bool:
        """Whether it is refused."""
        return self.expires_at is not None and self.expires_at <= now


_COLUMNS = (
    TOKEN.c.id,
    TOKEN.c.role,
    TOKEN.c.subject,
    TOKEN.c.label,
    TOKEN.c.created_by,
    TOKEN.c.created_at,
    TOKEN.c.expires_at,
    TOKEN.c.last_used_at,
)
_FIND = select(*_COLUMNS).where(TOKEN.c.digest == bindparam("digest"))
_GET = select(*_COLUMNS).where(TOKEN.c.id == bindparam("token"))
_ALL = select(*_COLUMNS).order_by(TOKEN.c.id)
_HIGHEST = select(func.coalesce(func.max(TOKEN.c.id), 0))
_ADD = insert(TOKEN).values(
    id=bindparam("token"),
    digest=bindparam("digest"),
    role=bindparam("role"),
    subject=bindparam("subject"),
    label=bindparam("label"),
    created_by=bindparam("by"),
    created_at=bindparam("now"),
    expires_at=bindparam("expires_at"),
)
_USED = (
    update(TOKEN)
    .where(
        TOKEN.c.id == bindparam("token"),
        or_(TOKEN.c.last_used_at.is_(None), TOKEN.c.last_used_at <= bindparam("before")),
    )
    .values(last_used_at=bindparam("now"))
)
_DELETE = delete(TOKEN).where(TOKEN.c.id == bindparam("token"))


def find(tx: Tx, digest: str) -> StoredToken | None:
    """The token with this digest."""
    row = tx.one(_FIND, digest=digest)
    return None if row is None else _token(row)


def get(tx: Tx, token: int) -> StoredToken | None:
    """The token with this id."""
    row = tx.one(_GET, token=token)
    return None if row is None else _token(row)


def every(tx: Tx) -> list[StoredToken]:
    """Every token, oldest first."""
    return [_token(row) for row in tx.all(_ALL)]


def add(
    tx: Tx,
    digest: str,
    role: str,
    subject: str,
    now: datetime,
    *,
    by: str = "",
    label: str = "",
    expires_at: datetime | None = None,
) -> None:
    """Store a token, with an id that no token has had before: the audit log names tokens by it, also revoked ones."""
    # SQLite gives the highest id again once its row is deleted.
    identity = 1 + max(int(settings.get(tx, _LAST) or 0), tx.number(_HIGHEST))
    settings.put(tx, _LAST, str(identity))
    tx.run(
        _ADD,
        token=identity,
        digest=digest,
        role=role,
        subject=subject,
        label=label,
        by=by,
        now=micros(now),
        expires_at=micros(expires_at),
    )


def used(tx: Tx, token: int, now: datetime) -> None:
    """Note that a token was used, unless its last use was noted within the last minute."""
    tx.run(_USED, token=token, now=micros(now), before=micros(now - USE_NOTED))


def revoke(tx: Tx, token: int) -> bool:
    """Delete a token; False if there was none."""
    return tx.run(_DELETE, token=token) > 0


def _token(row: Row) -> StoredToken:
    return StoredToken(
        id=row.id,
        role=row.role,
        subject=row.subject,
        label=row.label,
        created_by=row.created_by,
        created_at=moment(row.created_at),
        expires_at=moment(row.expires_at),
        last_used_at=moment(row.last_used_at),
    )
