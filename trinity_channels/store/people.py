"""Contacts: who they are, what they have proved, what they were told."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, case, exists, func, literal_column, or_, select, update

from trinity_channels.api import Sender
from trinity_channels.store import verified_emails
from trinity_channels.store.clock import micros, moment
from trinity_channels.store.statements import among
from trinity_channels.store.states import MessageState
from trinity_channels.store.storable import storable
from trinity_channels.store.tables import ADDRESS, BINDING, CONTACT, CONVERSATION, MESSAGE
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.transitions import transition
from trinity_channels.store.tx import Row, Tx
from trinity_channels.store.verified_emails import Verification
from trinity_channels.visible import cleaned_name

_ADDRESSES = (
    select(ADDRESS.c.value, ADDRESS.c.stable, CONTACT.c.name)
    .select_from(ADDRESS.join(CONTACT, CONTACT.c.id == ADDRESS.c.contact_id))
    .where(ADDRESS.c.contact_id == bindparam("contact"))
    .order_by(ADDRESS.c.id)
)
_RESOLVED = (
    update(CONTACT)
    .where(CONTACT.c.id == bindparam("contact"))
    .values(name=bindparam("name"), resolved_at=bindparam("now"))
)
_HELD = (
    select(func.count())
    .select_from(MESSAGE)
    .where(MESSAGE.c.contact_id == bindparam("contact"), in_states(MESSAGE.c.state, MessageState.HELD))
)
_DROP_HELD = (
    transition({MessageState.HELD}, MessageState.DROPPED)
    .where(MESSAGE.c.contact_id == bindparam("contact"))
    .values(text="", parts=None, cleared_at=bindparam("now"))
)
_TOLD = {
    column: update(CONTACT).where(CONTACT.c.id == bindparam("contact")).values({column: bindparam("now")})
    for column in (
        "prompted_at",
        "pending_told_at",
        "limit_told_at",
        "hinted_at",
        "awaited_told_at",
        "pointed_at",
        "blocked_at",
        "stopped_at",
    )
}


def sender(tx: Tx, contact: int) -> Sender:
    """A contact as the plugin knows them; the stable address, where there is one, comes along."""
    rows = tx.all(_ADDRESSES, contact=contact)
    stable = next((row.value for row in rows if row.stable), None)
    # As the plugin gave them with a message: where to answer, and the stable one beside it.
    address = next((row.value for row in rows if not row.stable), stable)
    return Sender(address=address or "", stable=stable, name=rows[0].name if rows else "")


def resolved(tx: Tx, contact: int, name: str, now: datetime) -> None:
    """Keep the name that the provider told, and that a contact wrote."""
    tx.run(_RESOLVED, contact=contact, name=storable(cleaned_name(name)), now=micros(now))


def told(tx: Tx, contact: int, what: str, now: datetime) -> None:
    """Remember that a contact was told something: `prompted_at` and its like."""
    tx.run(_TOLD[what], contact=contact, now=micros(now))


def block(tx: Tx, contact: int, now: datetime | None) -> None:
    """Block a contact, and drop what was held for them; or let them back in (None)."""
    tx.run(_TOLD["blocked_at"], contact=contact, now=micros(now))
    if now is not None:
        # Else it would be answered when they are let in again, which may be years later.
        tx.run(_DROP_HELD, contact=contact, now=micros(now))


def stop(tx: Tx, contact: int, now: datetime | None) -> None:
    """A contact wants no proactive messages, or wants them again (None)."""
    tx.run(_TOLD["stopped_at"], contact=contact, now=micros(now))


@dataclass(frozen=True, slots=True)
class ListedContact:
    """A contact as the owner sees them.

    `address` is empty for someone whose only address has passed to another person. `signed_out_at`: when they signed out,
    or the owner unlinked them, if they have not signed in since. `stopped`: they wrote STOP. `unreachable_at`: when the
    provider reported that they want no messages. `conversation` is their direct chat, None if they only wrote in groups;
    `last_direct` is when they last wrote there, `last_active` when they last wrote anywhere.
    """

    id: int
    channel: str
    address: str = field(repr=False)
    name: str = field(repr=False)
    verification: Verification | None
    signed_out_at: datetime | None
    blocked: bool
    stopped: bool
    unreachable_at: datetime | None
    message_count: int
    last_active: datetime | None
    last_direct: datetime | None
    conversation: int | None

    @property
    def email(self) -> str | None:
        """The verified e-mail."""
        return self.verification.email if self.verification else None


_CLIENT = (
    CONTACT.c.id,
    BINDING.c.channel,
    CONTACT.c.name,
    CONTACT.c.blocked_at,
    CONTACT.c.stopped_at,
    CONTACT.c.unreachable_at,
    CONTACT.c.signed_out_at,
)
NOT_ERASED = ~CONVERSATION.c.key.startswith("erased:")
"""Whether a conversation is still someone's."""
_IS_THEIRS = (CONVERSATION.c.contact_id == CONTACT.c.id, NOT_ERASED)
_HAS_ADDRESS = exists().where(ADDRESS.c.contact_id == CONTACT.c.id)
# The erased have neither an address nor a conversation of theirs.
KNOWN = or_(_HAS_ADDRESS, exists().where(*_IS_THEIRS))
_IS_KNOWN = select(CONTACT.c.id).where(CONTACT.c.id == bindparam("contact"), KNOWN)
_LAST_DIRECT = select(func.max(CONVERSATION.c.last_inbound_at)).where(*_IS_THEIRS).scalar_subquery()
_LAST_WRITTEN = select(func.max(MESSAGE.c.at)).where(MESSAGE.c.contact_id == CONTACT.c.id).scalar_subquery()
LAST_ACTIVE = func.coalesce(_LAST_DIRECT, case((_HAS_ADDRESS, func.coalesce(_LAST_WRITTEN, literal_column("0")))))
"""When a contact last wrote in their direct chat, else in a group, else 0; NULL for those who were erased."""

# Subqueries instead of joins: joined, messages and addresses would multiply each other.
_LISTED = select(
    *_CLIENT,
    select(func.min(ADDRESS.c.value)).where(ADDRESS.c.contact_id == CONTACT.c.id).scalar_subquery().label("address"),
    select(func.count()).where(MESSAGE.c.contact_id == CONTACT.c.id).scalar_subquery().label("message_count"),
    func.nullif(LAST_ACTIVE, literal_column("0")).label("last_active"),
    _LAST_DIRECT.label("last_direct"),
    select(func.max(CONVERSATION.c.id))
    .where(CONVERSATION.c.contact_id == CONTACT.c.id)
    .scalar_subquery()
    .label("conversation"),
    *verified_emails.COLUMNS,
).select_from(CONTACT.join(BINDING, BINDING.c.id == CONTACT.c.binding_id))
_CHOSEN = among(CONTACT.c.id, bindparam("contacts"))
_THESE = _LISTED.where(_CHOSEN)
_OF_AGENT = _LISTED.where(BINDING.c.agent == bindparam("agent"), CONTACT.c.id == bindparam("contact"))
_THEIR_LAST_ACTIVE = select(CONTACT.c.id, LAST_ACTIVE.label("active")).where(_CHOSEN)


def is_known(tx: Tx, contact: int) -> bool:
    """Whether a contact has not been erased."""
    return tx.one(_IS_KNOWN, contact=contact) is not None


def find(tx: Tx, agent: str, address: str) -> list[ListedContact]:
    """The contacts of an agent that have an address, or a verified e-mail, or end in these digits."""
    with_address = select(ADDRESS.c.contact_id).where(
        # Owners know a number, not the prefix that the provider puts before it.
        (ADDRESS.c.value == address) | ADDRESS.c.value.endswith(f":{address}", autoescape=True)
    )
    wanted = CONTACT.c.id.in_(with_address) | (CONTACT.c.email == address.lower())
    last_first = func.coalesce(LAST_ACTIVE, 0).desc()
    rows = tx.query(_LISTED.where(BINDING.c.agent == agent, wanted).order_by(last_first).limit(50))
    return [_read(row) for row in rows]


def contact(tx: Tx, agent: str, contact: int) -> ListedContact | None:
    """One contact of an agent."""
    row = tx.one(_OF_AGENT, agent=agent, contact=contact)
    return None if row is None else _read(row)


def listed(tx: Tx, contacts: Sequence[int]) -> list[ListedContact]:
    """Some contacts, in the order of their ids as given."""
    found = {row.id: _read(row) for row in tx.all(_THESE, contacts=json.dumps(contacts))}
    return [found[one] for one in contacts if one in found]


def last_active(tx: Tx, contacts: Collection[int]) -> dict[int, int]:
    """When each of some contacts last wrote, as `LAST_ACTIVE` has it; without those who were erased."""
    rows = tx.all(_THEIR_LAST_ACTIVE, contacts=json.dumps(list(contacts)))
    return {row.id: row.active for row in rows if row.active is not None}


def held(tx: Tx, contact: int) -> int:
    """How many messages of a contact are held until the gate opens."""
    return tx.number(_HELD, contact=contact)


def _read(row: Row) -> ListedContact:
    return ListedContact(
        id=row.id,
        channel=row.channel,
        address=row.address or "",
        name=row.name,
        verification=verified_emails.read(row),
        signed_out_at=moment(row.signed_out_at),
        blocked=row.blocked_at is not None,
        stopped=row.stopped_at is not None,
        unreachable_at=moment(row.unreachable_at),
        message_count=row.message_count,
        last_active=moment(row.last_active),
        last_direct=moment(row.last_direct),
        conversation=row.conversation,
    )
