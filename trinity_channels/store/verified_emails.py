"""Verified e-mails: which contact is linked to which, by whose word and since when. `access.lifetime` says how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import bindparam, exists, func, literal_column, or_, select, update

from trinity_channels.email_address import mailbox
from trinity_channels.store import mailboxes
from trinity_channels.store.clock import micros, moment
from trinity_channels.store.tables import ADDRESS, BINDING, CONTACT
from trinity_channels.store.tx import Row, Tx

SILENCE = timedelta(days=90)
"""After which an address that can change hands counts as another person's. Telephone companies give a number to the next
customer after 45 to 90 days (in the United States by 47 CFR 52.15)."""


class Source(StrEnum):
    """Who says that an e-mail belongs to a contact."""

    CODE = "code"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Verification:
    """A verified e-mail.

    Attributes:
        source: None if it was verified before sources were stored, and the person has not written since.
        used_at: when the person last wrote with it; stored once an hour.
        changes_hands: the contact is known only by addresses that may pass to another person.
    """

    email: str = field(repr=False)
    source: Source | None
    verified_at: datetime
    used_at: datetime
    changes_hands: bool


@dataclass(frozen=True, slots=True)
class Linked:
    """A contact, and where they write."""

    contact: int
    binding: int
    agent: str
    channel: str


_HAS_STABLE = exists().where(ADDRESS.c.contact_id == CONTACT.c.id, ADDRESS.c.stable.is_(True))
COLUMNS = (
    CONTACT.c.email,
    CONTACT.c.email_source,
    CONTACT.c.verified_at,
    CONTACT.c.email_used_at,
    _HAS_STABLE.label("has_stable"),
)
_VERIFICATION = select(*COLUMNS).where(CONTACT.c.id == bindparam("contact"))
_SIGNED_OUT = select(CONTACT.c.signed_out_at).where(CONTACT.c.id == bindparam("contact"))
_LINK = (
    update(CONTACT)
    .where(CONTACT.c.id == bindparam("contact"))
    .values(
        email=bindparam("email"),
        email_source=bindparam("source"),
        verified_at=bindparam("now"),
        email_used_at=bindparam("used"),
        email_checked_at=bindparam("now"),
        # Signing in ends an earlier sign-out.
        signed_out_at=None,
    )
)
# They may be told at once how to sign in again.
_END = (
    update(CONTACT)
    .where(CONTACT.c.id == bindparam("contact"))
    .values(
        email=None,
        email_source=None,
        verified_at=None,
        email_used_at=None,
        email_checked_at=None,
        prompted_at=None,
        signed_out_at=func.coalesce(bindparam("signed_out"), CONTACT.c.signed_out_at),
    )
)
_USED = (
    update(CONTACT)
    .where(CONTACT.c.id == bindparam("contact"))
    .values(email_source=bindparam("source"), email_used_at=bindparam("now"))
)
_CHECKED = update(CONTACT).where(CONTACT.c.id == bindparam("contact")).values(email_checked_at=bindparam("at"))
_LINKED = select(CONTACT.c.id, CONTACT.c.binding_id, BINDING.c.agent, BINDING.c.channel).join(
    BINDING, BINDING.c.id == CONTACT.c.binding_id
)
_UNUSED = _LINKED.where(
    CONTACT.c.email.is_not(None),
    CONTACT.c.email_used_at <= bindparam("silent_since"),
    # Those whose address may change hands end earlier.
    or_(CONTACT.c.email_used_at <= bindparam("unused_since"), ~_HAS_STABLE),
).limit(bindparam("most"))
_TO_CHECK = (
    _LINKED.where(
        CONTACT.c.email_source == literal_column("'provider'"),
        CONTACT.c.email_checked_at <= bindparam("checked_before"),
        BINDING.c.disconnected_at.is_(None),
    )
    # The longest ago first, so that each has its turn.
    .order_by(CONTACT.c.email_checked_at)
    .limit(bindparam("most"))
)


def of(tx: Tx, contact: int) -> Verification | None:
    """What a contact has proved, None without an e-mail."""
    row = tx.one(_VERIFICATION, contact=contact)
    return None if row is None else read(row)


def read(row: Row) -> Verification | None:
    """A verification from a row that has the columns of `COLUMNS`."""
    if row.email is None or row.verified_at is None:
        return None
    return Verification(
        email=row.email,
        source=None if row.email_source is None else Source(row.email_source),
        verified_at=moment(row.verified_at),
        used_at=moment(row.verified_at if row.email_used_at is None else row.email_used_at),
        changes_hands=not row.has_stable,
    )


def signed_out(tx: Tx, contact: int) -> bool:
    """Whether a contact signed out, or was unlinked by the owner, and has not signed in since."""
    return tx.scalar(_SIGNED_OUT, moment, contact=contact) is not None


def link(tx: Tx, contact: int, email: str, source: Source, now: datetime, *, used_at: datetime | None = None) -> None:
    """Link a contact to an e-mail that has just been proved; `used_at` if the contact had no part in that."""
    tx.run(_LINK, contact=contact, email=email, source=source.value, now=micros(now), used=micros(used_at or now))
    mailboxes.verified(tx, contact, mailbox(email))


def end(tx: Tx, contact: int) -> None:
    """End the link because it was not used, or because the provider withdrew it; it may come back automatically."""
    tx.run(_END, contact=contact, signed_out=None)


def sign_out(tx: Tx, contact: int, now: datetime) -> None:
    """End the link because the person or the owner wants it; only the person can bring it back."""
    tx.run(_END, contact=contact, signed_out=micros(now))


def used(tx: Tx, contact: int, source: Source, now: datetime) -> None:
    """A contact wrote with their verified e-mail."""
    tx.run(_USED, contact=contact, source=source.value, now=micros(now))


def checked(tx: Tx, contact: int, at: datetime) -> None:
    """The provider was asked about a contact's e-mail; a later check is due relative to `at`."""
    tx.run(_CHECKED, contact=contact, at=micros(at))


def unused(tx: Tx, *, silent_since: datetime, unused_since: datetime, most: int) -> list[Linked]:
    """Contacts whose e-mail was last used before `unused_since`, or before `silent_since` and who may be another person."""
    rows = tx.all(_UNUSED, silent_since=micros(silent_since), unused_since=micros(unused_since), most=most)
    return [_linked(row) for row in rows]


def to_check(tx: Tx, checked_before: datetime, most: int) -> list[Linked]:
    """Contacts whose provider was last asked about their e-mail before a time, the longest ago first."""
    return [_linked(row) for row in tx.all(_TO_CHECK, checked_before=micros(checked_before), most=most)]


def _linked(row: Row) -> Linked:
    return Linked(contact=row.id, binding=row.binding_id, agent=row.agent, channel=row.channel)
