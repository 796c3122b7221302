"""Login codes: one live code per contact, and the counts that limit how many are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, func, insert, literal_column, select, update

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.database import Row, Tx
from trinity_channels.store.tables import LOGIN_CODE


@dataclass(frozen=True, slots=True)
class StoredCode:
    """A code that was mailed for a contact, as a keyed hash. It counts while it is `live` and has not expired."""

    id: int
    email: str = field(repr=False)
    digest: str = field(repr=False)
    guesses: int
    live: bool
    created_at: datetime
    expires_at: datetime


MOST_REMEMBERED = 20
"""Codes of one contact that `made` tells of."""

_KILL = update(LOGIN_CODE).where(LOGIN_CODE.c.contact_id == bindparam("contact")).values(live=False)
_NEW = insert(LOGIN_CODE).values(
    binding_id=bindparam("binding"),
    contact_id=bindparam("contact"),
    email=bindparam("email"),
    digest=bindparam("digest"),
    guesses=0,
    live=True,
    created_at=bindparam("now"),
    expires_at=bindparam("expires"),
)
_CODES = select(
    LOGIN_CODE.c.id,
    LOGIN_CODE.c.email,
    LOGIN_CODE.c.digest,
    LOGIN_CODE.c.guesses,
    LOGIN_CODE.c.live,
    LOGIN_CODE.c.created_at,
    LOGIN_CODE.c.expires_at,
).where(LOGIN_CODE.c.contact_id == bindparam("contact"))
_LIVE = _CODES.where(LOGIN_CODE.c.live.is_(literal_column("1")))
_MADE = (
    _CODES.where(LOGIN_CODE.c.created_at >= bindparam("since"))
    .order_by(LOGIN_CODE.c.created_at.desc())
    .limit(MOST_REMEMBERED)
)
_GUESS = update(LOGIN_CODE).where(LOGIN_CODE.c.id == bindparam("code")).values(guesses=LOGIN_CODE.c.guesses + 1)
_COUNTS = {
    name: select(func.count(), func.min(LOGIN_CODE.c.created_at)).where(
        LOGIN_CODE.c[name] == bindparam("value"), LOGIN_CODE.c.created_at > bindparam("since")
    )
    for name in ("contact_id", "email", "binding_id")
}


def recent(tx: Tx, what: str, value: int | str, since: datetime) -> tuple[int, datetime | None]:
    """How many codes were made for a `contact_id`, `email` or `binding_id` since a time, and when the first of them."""
    row = tx.one(_COUNTS[what], value=value, since=micros(since))
    return (int(row[0]), moment(row[1])) if row else (0, None)


def make(tx: Tx, binding: int, contact: int, email: str, digest: str, *, now: datetime, expires: datetime) -> None:
    """Make the contact's one live code; an earlier one dies."""
    tx.run(_KILL, contact=contact)
    tx.run(_NEW, binding=binding, contact=contact, email=email, digest=digest, now=micros(now), expires=micros(expires))


def live(tx: Tx, contact: int) -> StoredCode | None:
    """The contact's live code; it may be expired."""
    row = tx.one(_LIVE, contact=contact)
    return None if row is None else _code(row)


def made(tx: Tx, contact: int, since: datetime) -> list[StoredCode]:
    """The newest codes of a contact since a time, live or not, newest first."""
    return [_code(row) for row in tx.all(_MADE, contact=contact, since=micros(since))]


def _code(row: Row) -> StoredCode:
    identity, email, digest, guesses, is_live, created_at, expires_at = row
    return StoredCode(identity, email, digest, guesses, bool(is_live), moment(created_at), moment(expires_at))


def guess(tx: Tx, code: int) -> None:
    """Count a wrong guess."""
    tx.run(_GUESS, code=code)


def kill(tx: Tx, contact: int) -> None:
    """No code of this contact counts any more; made ones still count for the limits."""
    tx.run(_KILL, contact=contact)
