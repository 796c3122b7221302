"""Login codes: one live code per contact, and the counts that limit how many are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, true, update

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.tables import LOGIN_CODE
from trinity_channels.store.tx import Row, Tx


@dataclass(frozen=True, slots=True)
class StoredCode:
    """A code that was mailed for a contact, as a keyed hash. It counts while it is `live` and has not expired."""

    id: int
    email: str = field(repr=False)
    digest: str = field(repr=False)
    mailbox: str = field(repr=False)
    guesses: int
    live: bool
    mailed: bool
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code to be made: for whom, on which binding, and the keyed hash. `known` and `mailbox` are as in the table."""

    binding: int
    contact: int
    email: str = field(repr=False)
    mailbox: str = field(repr=False)
    known: bool
    digest: str = field(repr=False)


MOST_REMEMBERED = 20
"""Codes of one contact that `made` counts."""

_KILL = update(LOGIN_CODE).where(LOGIN_CODE.c.contact_id == bindparam("contact")).values(live=False)
_NEW = (
    insert(LOGIN_CODE)
    .values(
        binding_id=bindparam("binding"),
        contact_id=bindparam("contact"),
        email=bindparam("email"),
        mailbox=bindparam("mailbox"),
        known=bindparam("known"),
        digest=bindparam("digest"),
        guesses=0,
        live=True,
        created_at=bindparam("now"),
        expires_at=bindparam("expires"),
    )
    .returning(LOGIN_CODE.c.id)
)
_MAILED = update(LOGIN_CODE).where(LOGIN_CODE.c.id == bindparam("code")).values(mailed_at=bindparam("now"))
_CODES = select(
    LOGIN_CODE.c.id,
    LOGIN_CODE.c.email,
    LOGIN_CODE.c.digest,
    LOGIN_CODE.c.mailbox,
    LOGIN_CODE.c.guesses,
    LOGIN_CODE.c.live,
    LOGIN_CODE.c.mailed_at,
    LOGIN_CODE.c.created_at,
    LOGIN_CODE.c.expires_at,
).where(LOGIN_CODE.c.contact_id == bindparam("contact"))
_LIVE = _CODES.where(LOGIN_CODE.c.live.is_(true()))
_MADE = (
    _CODES.where(LOGIN_CODE.c.created_at >= bindparam("since"))
    .order_by(LOGIN_CODE.c.created_at.desc())
    .limit(MOST_REMEMBERED)
)
# Counted in the database, so that guesses in one transaction add up.
_GUESS = update(LOGIN_CODE).where(LOGIN_CODE.c.id == bindparam("code")).values(guesses=LOGIN_CODE.c.guesses + 1)
_COUNTED = select(func.count().label("number"), func.min(LOGIN_CODE.c.created_at).label("first")).where(
    LOGIN_CODE.c.created_at > bindparam("since")
)
_OF_CONTACT = _COUNTED.where(LOGIN_CODE.c.contact_id == bindparam("contact"))
_OF_MAILBOX = _COUNTED.where(LOGIN_CODE.c.mailbox == bindparam("mailbox"))
_OF_BOTH = _OF_CONTACT.where(LOGIN_CODE.c.mailbox == bindparam("mailbox"))
_OF_BINDING = _COUNTED.where(LOGIN_CODE.c.binding_id == bindparam("binding"), LOGIN_CODE.c.known == bindparam("known"))

Count = tuple[int, datetime | None]
"""How many codes were made, and when the first of them."""


def of_contact(tx: Tx, contact: int, since: datetime) -> Count:
    """Codes that a contact was mailed since a time."""
    return _count(tx.one(_OF_CONTACT, contact=contact, since=micros(since)))


def of_mailbox(tx: Tx, mailbox: str, since: datetime, *, contact: int | None = None) -> Count:
    """Codes that a mailbox got since a time, for every contact or for one."""
    if contact is None:
        return _count(tx.one(_OF_MAILBOX, mailbox=mailbox, since=micros(since)))
    return _count(tx.one(_OF_BOTH, mailbox=mailbox, contact=contact, since=micros(since)))


def of_binding(tx: Tx, binding: int, since: datetime, *, known: bool) -> Count:
    """Codes that were asked for on a binding since a time, for known e-mails or for unknown ones."""
    return _count(tx.one(_OF_BINDING, binding=binding, known=known, since=micros(since)))


def _count(row: Row | None) -> Count:
    return (row.number, moment(row.first)) if row else (0, None)


def make(tx: Tx, wanted: NewCode, *, now: datetime, expires: datetime) -> int:
    """Make the contact's one live code, which is yet to be mailed; an earlier one dies. Returns its id."""
    # One live code a contact: two would double the chance of a guess.
    tx.run(_KILL, contact=wanted.contact)
    return tx.number(
        _NEW,
        binding=wanted.binding,
        contact=wanted.contact,
        email=wanted.email,
        mailbox=wanted.mailbox,
        known=wanted.known,
        digest=wanted.digest,
        now=micros(now),
        expires=micros(expires),
    )


def mailed(tx: Tx, code: int, now: datetime) -> None:
    """The mail server has taken the mail with this code."""
    tx.run(_MAILED, code=code, now=micros(now))


def live(tx: Tx, contact: int) -> StoredCode | None:
    """The contact's live code; it may be expired."""
    row = tx.one(_LIVE, contact=contact)
    return None if row is None else _code(row)


def made(tx: Tx, contact: int, since: datetime) -> list[StoredCode]:
    """The newest codes of a contact since a time, live or not, newest first."""
    return [_code(row) for row in tx.all(_MADE, contact=contact, since=micros(since))]


def _code(row: Row) -> StoredCode:
    return StoredCode(
        id=row.id,
        email=row.email,
        digest=row.digest,
        mailbox=row.mailbox,
        guesses=row.guesses,
        live=bool(row.live),
        mailed=row.mailed_at is not None,
        created_at=moment(row.created_at),
        expires_at=moment(row.expires_at),
    )


def guess(tx: Tx, code: int) -> None:
    """Count a wrong guess."""
    tx.run(_GUESS, code=code)


def kill(tx: Tx, contact: int) -> None:
    """No code of this contact counts any more; made ones still count for the limits."""
    tx.run(_KILL, contact=contact)
