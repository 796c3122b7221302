"""Blocked people who were erased: their addresses as keyed hashes, which tell only whether an address is one of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.database import Tx
from trinity_channels.store.retention_tables import ERASED_BLOCK
from trinity_channels.store.tables import ADDRESS, BINDING, CONTACT


@dataclass(frozen=True, slots=True)
class Known:
    """What decides whether a contact is one of them: where they write, with which addresses, whether they are blocked."""

    binding: int
    channel: str
    addresses: tuple[str, ...]
    blocked_at: datetime | None


_CONTACT = (
    select(CONTACT.c.binding_id, BINDING.c.channel, CONTACT.c.blocked_at)
    .select_from(CONTACT.join(BINDING, BINDING.c.id == CONTACT.c.binding_id))
    .where(CONTACT.c.id == bindparam("contact"))
)
_ADDRESSES = select(ADDRESS.c.value).where(ADDRESS.c.contact_id == bindparam("contact")).order_by(ADDRESS.c.id)
_ANY = select(ERASED_BLOCK.c.id).where(ERASED_BLOCK.c.binding_id == bindparam("binding")).limit(1)
_IS_ONE = (ERASED_BLOCK.c.binding_id == bindparam("binding"), ERASED_BLOCK.c.digest == bindparam("digest"))
_FIND = select(ERASED_BLOCK.c.blocked_at).where(*_IS_ONE)
_ADD = (
    insert(ERASED_BLOCK)
    .values(
        binding_id=bindparam("binding"),
        digest=bindparam("digest"),
        contact_id=bindparam("contact"),
        blocked_at=bindparam("blocked_at"),
    )
    .on_conflict_do_nothing()
)
_FORGET = delete(ERASED_BLOCK).where(*_IS_ONE)
_FORGET_CONTACT = delete(ERASED_BLOCK).where(ERASED_BLOCK.c.contact_id == bindparam("contact"))


def known(tx: Tx, contact: int) -> Known | None:
    """A contact with all its addresses, stable ones too; None if there is none with this id."""
    row = tx.one(_CONTACT, contact=contact)
    if row is None:
        return None
    return Known(row[0], row[1], tuple(one[0] for one in tx.all(_ADDRESSES, contact=contact)), moment(row[2]))


def exist(tx: Tx, binding: int) -> bool:
    """Whether a binding has any of them."""
    return tx.one(_ANY, binding=binding) is not None


def add(tx: Tx, contact: int, binding: int, digests: Collection[str], blocked_at: datetime) -> None:
    """Remember the addresses of a contact who is about to be erased."""
    for digest in digests:
        tx.run(_ADD, binding=binding, digest=digest, contact=contact, blocked_at=micros(blocked_at))


def find(tx: Tx, binding: int, digests: Collection[str]) -> datetime | None:
    """Since when one of these addresses is blocked, None if none is."""
    for digest in digests:
        if row := tx.one(_FIND, binding=binding, digest=digest):
            return moment(int(row[0]))
    return None


def forget(tx: Tx, contact: int, binding: int, digests: Collection[str]) -> None:
    """Let these addresses in again, and those that this contact had when it was erased."""
    tx.run(_FORGET_CONTACT, contact=contact)
    for digest in digests:
        tx.run(_FORGET, binding=binding, digest=digest)
