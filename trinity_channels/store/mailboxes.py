"""Mailboxes, for the limits of signing in: who has verified one, and how many guesses at its codes were wrong."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.statements import insert
from trinity_channels.store.tables import KNOWN_MAILBOX, LOGIN_CODE
from trinity_channels.store.tx import Tx

_VERIFIED = (
    insert(KNOWN_MAILBOX)
    .values(contact_id=bindparam("contact"), mailbox=bindparam("mailbox"))
    .on_conflict_do_nothing(index_elements=["contact_id", "mailbox"])
)
_IS_KNOWN = select(KNOWN_MAILBOX.c.contact_id).where(KNOWN_MAILBOX.c.mailbox == bindparam("mailbox")).limit(1)
_IS_KNOWN_TO = select(KNOWN_MAILBOX.c.contact_id).where(
    KNOWN_MAILBOX.c.contact_id == bindparam("contact"), KNOWN_MAILBOX.c.mailbox == bindparam("mailbox")
)
_OF_MAILBOX = (LOGIN_CODE.c.mailbox == bindparam("mailbox"), LOGIN_CODE.c.created_at > bindparam("since"))
_MISSES = select(func.coalesce(func.sum(LOGIN_CODE.c.guesses), 0)).where(*_OF_MAILBOX)
_OWN_MISSES = _MISSES.where(LOGIN_CODE.c.contact_id == bindparam("contact"))
_MISSES_OF_OTHERS = _MISSES.where(LOGIN_CODE.c.contact_id != bindparam("contact"))
_LOCK = update(LOGIN_CODE).where(LOGIN_CODE.c.id == bindparam("code")).values(locked_at=bindparam("now"))
_LOCKED = select(func.max(LOGIN_CODE.c.locked_at)).where(
    LOGIN_CODE.c.contact_id == bindparam("contact"), LOGIN_CODE.c.mailbox == bindparam("mailbox")
)


def verified(tx: Tx, contact: int, mailbox: str) -> None:
    """Remember that a contact has proved to read this mailbox; it stays when they sign out."""
    tx.run(_VERIFIED, contact=contact, mailbox=mailbox)


def is_known(tx: Tx, mailbox: str) -> bool:
    """Whether any contact has ever verified this mailbox."""
    return tx.one(_IS_KNOWN, mailbox=mailbox) is not None


def is_known_to(tx: Tx, contact: int, mailbox: str) -> bool:
    """Whether this contact has ever verified this mailbox."""
    return tx.one(_IS_KNOWN_TO, contact=contact, mailbox=mailbox) is not None


def misses(tx: Tx, contact: int, mailbox: str, since: datetime) -> tuple[int, int]:
    """Wrong guesses at codes that were made for a mailbox since a time: by this contact, and by all others."""
    values = {"contact": contact, "mailbox": mailbox, "since": micros(since)}
    return tx.number(_OWN_MISSES, **values), tx.number(_MISSES_OF_OTHERS, **values)


def lock(tx: Tx, code: int, now: datetime) -> None:
    """A wrong guess at this code was one too many."""
    tx.run(_LOCK, code=code, now=micros(now))


def locked_at(tx: Tx, contact: int, mailbox: str) -> datetime | None:
    """When a contact was last locked out of a mailbox; None if that is unknown or long ago."""
    return tx.scalar(_LOCKED, moment, contact=contact, mailbox=mailbox)
