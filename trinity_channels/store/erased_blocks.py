"""People who were erased: their addresses as keyed hashes, which tell only whether an address is one of them.

Those of blocked people keep them out; all of them keep an import from bringing people back.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Boolean, bindparam, delete, or_, select

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.statements import insert
from trinity_channels.store.tables import ADDRESS, BINDING, CONTACT, ERASED_ADDRESS, ERASED_BLOCK
from trinity_channels.store.tx import Tx


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a contact; a `stable` one is never given to another person."""

    value: str = field(repr=False)
    stable: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What decides whether a contact is one of them: where they write, with which addresses, whether they are blocked."""

    binding: int
    channel: str
    addresses: tuple[Address, ...]
    blocked_at: datetime | None

    @property
    def has_stable(self) -> bool:
        """Whether one of the addresses is never given to another person."""
        return any(one.stable for one in self.addresses)


_CONTACT = (
    select(CONTACT.c.binding_id, BINDING.c.channel, CONTACT.c.blocked_at)
    .select_from(CONTACT.join(BINDING, BINDING.c.id == CONTACT.c.binding_id))
    .where(CONTACT.c.id == bindparam("contact"))
)
_ADDRESSES = (
    select(ADDRESS.c.value, ADDRESS.c.stable).where(ADDRESS.c.contact_id == bindparam("contact")).order_by(ADDRESS.c.id)
)
_BINDINGS = select(BINDING.c.id, BINDING.c.channel).where(BINDING.c.agent == bindparam("agent"))
_ANY = select(ERASED_BLOCK.c.id).where(ERASED_BLOCK.c.binding_id == bindparam("binding")).limit(1)
_IS_ONE = (ERASED_BLOCK.c.binding_id == bindparam("binding"), ERASED_BLOCK.c.digest == bindparam("digest"))
_FIND = select(ERASED_BLOCK.c.id).where(
    *_IS_ONE, or_(ERASED_BLOCK.c.may_change_hands.is_(False), bindparam("has_stable", type_=Boolean).is_(False))
)
_ADD = (
    insert(ERASED_BLOCK)
    .values(
        binding_id=bindparam("binding"),
        digest=bindparam("digest"),
        may_change_hands=bindparam("may_change_hands"),
        contact_id=bindparam("contact"),
        blocked_at=bindparam("blocked_at"),
    )
    .on_conflict_do_nothing()
)
_ADD_ERASED = (
    insert(ERASED_ADDRESS).values(binding_id=bindparam("binding"), digest=bindparam("digest")).on_conflict_do_nothing()
)
_ERASED = tuple(
    select(table.c.digest).where(table.c.binding_id == bindparam("binding")) for table in (ERASED_ADDRESS, ERASED_BLOCK)
)
_FORGET = delete(ERASED_BLOCK).where(*_IS_ONE)
_FORGET_CONTACT = delete(ERASED_BLOCK).where(ERASED_BLOCK.c.contact_id == bindparam("contact"))


def known(tx: Tx, contact: int) -> Known | None:
    """A contact with all its addresses, stable ones too; None if there is none with this id."""
    row = tx.one(_CONTACT, contact=contact)
    if row is None:
        return None
    addresses = tuple(Address(one.value, bool(one.stable)) for one in tx.all(_ADDRESSES, contact=contact))
    return Known(row.binding_id, row.channel, addresses, moment(row.blocked_at))


def exist(tx: Tx, binding: int) -> bool:
    """Whether a binding has any of them."""
    return tx.one(_ANY, binding=binding) is not None


def bindings(tx: Tx, agent: str) -> list[tuple[int, str]]:
    """Id and channel of every binding of an agent."""
    return [(row.id, row.channel) for row in tx.all(_BINDINGS, agent=agent)]


def add(tx: Tx, contact: int, binding: int, digest: str, blocked_at: datetime, *, may_change_hands: bool) -> None:
    """Remember an address of a contact who is about to be erased."""
    values = {"digest": digest, "may_change_hands": may_change_hands, "blocked_at": micros(blocked_at)}
    tx.run(_ADD, binding=binding, contact=contact, **values)


def add_erased(tx: Tx, binding: int, digest: str) -> None:
    """Remember an address of a contact who is about to be erased, blocked or not."""
    tx.run(_ADD_ERASED, binding=binding, digest=digest)


def erased(tx: Tx, binding: int) -> set[str]:
    """The digests of all addresses of a binding's erased people."""
    return {digest for statement in _ERASED for digest in tx.scalars(statement, str, binding=binding)}


def find(tx: Tx, binding: int, digests: Collection[str], *, has_stable: bool) -> bool:
    """Whether one of these addresses is blocked; `has_stable`: one of them is never given to another person."""
    return any(tx.one(_FIND, binding=binding, digest=digest, has_stable=has_stable) for digest in digests)


def forget(tx: Tx, contact: int, binding: int, digests: Collection[str]) -> None:
    """Let these addresses in again, and those that this contact had when it was erased."""
    tx.run(_FORGET_CONTACT, contact=contact)
    for digest in digests:
        tx.run(_FORGET, binding=binding, digest=digest)
