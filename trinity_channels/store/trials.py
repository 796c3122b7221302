"""Test messages: deliveries like any other, in a conversation of their own for each address, in which no person writes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, literal_column, select

from trinity_channels.api import FailureKind
from trinity_channels.store import delivery_log
from trinity_channels.store.clock import micros
from trinity_channels.store.delivery_log import Sent
from trinity_channels.store.statements import insert
from trinity_channels.store.tables import CONVERSATION, DELIVERY
from trinity_channels.store.tx import Tx

ORIGIN = "test"
PREFIX = "test:"
"""What the keys of these conversations begin with."""
OF_THE_CHANNEL = (FailureKind.OPERATOR, FailureKind.LATER)
"""Kinds of failure that other people's messages would meet too; all others concern the recipient or the text of the test."""

# Never written in: `last_inbound_at` says so, and is not the time of a message.
_NEW = insert(CONVERSATION).values(
    binding_id=bindparam("binding"),
    key=bindparam("key"),
    contact_id=None,
    address=bindparam("address"),
    is_group=False,
    last_inbound_at=0,
    needs_turn=False,
    created_at=bindparam("now"),
)
_OPEN = _NEW.on_conflict_do_update(
    index_elements=["binding_id", "key"], set_={"address": _NEW.excluded.address}
).returning(CONVERSATION.c.id)
_FIRST_PART = (
    select(DELIVERY.c.id).where(DELIVERY.c.message_id == bindparam("message")).order_by(DELIVERY.c.id).limit(1)
)
_LATEST = (
    delivery_log.SENT.where(
        CONVERSATION.c.binding_id == bindparam("binding"),
        # a range, so that the unique index finds them
        CONVERSATION.c.key >= literal_column(f"'{PREFIX}'"),
        # The character behind the colon.
        CONVERSATION.c.key < literal_column("'test;'"),
    )
    .order_by(DELIVERY.c.id.desc())
    .limit(1)
)


def conversation(tx: Tx, binding: int, address: str, now: datetime) -> int:
    """The conversation for test messages to an address."""
    return tx.number(_OPEN, binding=binding, key=PREFIX + address, address=address, now=micros(now))


def first_part(tx: Tx, message: int) -> int:
    """The delivery with which a message begins."""
    return tx.number(_FIRST_PART, message=message)


def latest(tx: Tx, binding: int) -> Sent | None:
    """The newest test message of a binding, None if there was none."""
    row = tx.one(_LATEST, binding=binding)
    return None if row is None else delivery_log.sent(row)
