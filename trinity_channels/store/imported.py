"""People who wrote to a binding before it was here, and who has a webhook key already."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, bindparam, insert, literal, select

from trinity_channels.email_address import mailbox
from trinity_channels.store import mailboxes
from trinity_channels.store.clock import micros
from trinity_channels.store.storable import storable
from trinity_channels.store.tables import ADDRESS, BINDING, CONTACT, CONVERSATION, RETIRED_KEY
from trinity_channels.store.tx import Tx
from trinity_channels.store.verified_emails import Source
from trinity_channels.visible import cleaned_name

_DUE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who wrote to a binding elsewhere.

    Attributes:
        address: what answers them; `stable` if it is never given to another person.
        name: what they call themselves; may be empty.
        email: what they have proved there with a code, and `verified_at` when; None if they have proved none.
        seen_at: when they last wrote; None if that is not known.
    """

    address: str = field(repr=False)
    stable: bool
    name: str = field(repr=False)
    email: str | None = field(repr=False)
    verified_at: datetime | None
    seen_at: datetime | None


_KEY = select(BINDING.c.id).where(BINDING.c.webhook_digest == bindparam("digest"))
_RETIRED = select(RETIRED_KEY.c.binding_id).where(RETIRED_KEY.c.digest == bindparam("digest"))
_KNOWN = select(ADDRESS.c.id).where(
    ADDRESS.c.binding_id == bindparam("binding"), ADDRESS.c.value == bindparam("address")
)
_CONTACT = (
    insert(CONTACT)
    .values(
        binding_id=bindparam("binding"),
        name=bindparam("name"),
        email=bindparam("email"),
        email_source=bindparam("source"),
        verified_at=bindparam("verified_at"),
        email_used_at=bindparam("used_at"),
        email_checked_at=bindparam("verified_at"),
        resolved_at=bindparam("resolved_at"),
        created_at=bindparam("now"),
    )
    .returning(CONTACT.c.id)
)
_ADDRESS = insert(ADDRESS).values(
    binding_id=bindparam("binding"),
    value=bindparam("address"),
    contact_id=bindparam("contact"),
    stable=bindparam("stable"),
)
_CONVERSATION = insert(CONVERSATION).values(
    binding_id=bindparam("binding"),
    key=bindparam("key"),
    contact_id=bindparam("contact"),
    address=bindparam("address"),
    is_group=False,
    last_inbound_at=bindparam("seen_at"),
    needs_turn=False,
    # Later than what was written elsewhere: `bindings.last_inbound` counts messages that came here.
    created_at=bindparam("seen_at") + literal(1, BigInteger()),
)


def key_holder(tx: Tx, digest: str) -> tuple[int, bool] | None:
    """The binding that has a webhook key, connected or not, and whether the key was replaced there; None if none has."""
    if (now := tx.scalar(_KEY, int, digest=digest)) is not None:
        return now, False
    before = tx.scalar(_RETIRED, int, digest=digest)
    return None if before is None else (before, True)


def knows(tx: Tx, binding: int, address: str) -> bool:
    """Whether a binding knows an address."""
    return tx.one(_KNOWN, binding=binding, address=address) is not None


def add(tx: Tx, binding: int, person: Person, now: datetime) -> bool:
    """Add a person with their direct chat; False if their address is known, then what is here stays."""
    if knows(tx, binding, person.address):
        return False
    seen, verified = person.seen_at or person.verified_at, person.verified_at if person.email else None
    contact = tx.number(
        _CONTACT,
        binding=binding,
        name=storable(cleaned_name(person.name)),
        email=person.email,
        source=Source.CODE.value if person.email else None,
        verified_at=micros(verified),
        used_at=micros(max(seen, verified) if seen and verified else None),
        # Since then the address may have passed to another person. At their first message here the provider is asked.
        resolved_at=micros(min(seen, now - _DUE) if seen else None),
        now=micros(now),
    )
    tx.run(_ADDRESS, binding=binding, address=person.address, contact=contact, stable=person.stable)
    if person.email:
        mailboxes.verified(tx, contact, mailbox(person.email))
    if seen:
        key = f"contact:{contact}"
        tx.run(_CONVERSATION, binding=binding, key=key, contact=contact, address=person.address, seen_at=micros(seen))
    return True
