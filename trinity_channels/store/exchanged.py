"""The messages of a binding in both directions, newest first, with what became of them; without what they say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, select

from trinity_channels.store.clock import moment
from trinity_channels.store.states import MessageState, OutboxState
from trinity_channels.store.tables import CONTACT, CONVERSATION, DELIVERY, MESSAGE
from trinity_channels.store.tx import Tx

NEWEST = 2**63 - 1
"""Behind every id."""


@dataclass(frozen=True, slots=True)
class ExchangedPart:
    """One provider message of a message of ours; `delivery` is its id."""

    delivery: int
    state: OutboxState
    failure_code: str | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One message of either side.

    Attributes:
        id: its id.
        conversation: the id of the chat or group.
        origin: person, agent (an answer), notice (of the host), proactive or test.
        state: what became of it; of a message of ours the `parts` say more.
        contact: the id of the person, None in groups and for test messages.
        address: of the person or the group.
        name: of the person, empty if it is not known.
        at: when it was written.
        edited_at: when the provider told that the person edited it.
        unsent_at: when it told that the person took it back.
        parts: the provider messages that it was sent as; none for a message from a person.
    """

    id: int
    conversation: int
    origin: str
    state: MessageState
    contact: int | None
    address: str = field(repr=False)
    name: str = field(repr=False)
    at: datetime
    edited_at: datetime | None
    unsent_at: datetime | None
    parts: tuple[ExchangedPart, ...]


_OF_BINDING = (
    select(
        MESSAGE.c.id,
        MESSAGE.c.conversation_id,
        MESSAGE.c.origin,
        MESSAGE.c.state,
        MESSAGE.c.at,
        MESSAGE.c.edited_at,
        MESSAGE.c.unsent_at,
        CONVERSATION.c.contact_id,
        CONVERSATION.c.address,
        CONTACT.c.name,
    )
    .select_from(
        MESSAGE.join(CONVERSATION, CONVERSATION.c.id == MESSAGE.c.conversation_id).outerjoin(
            CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id
        )
    )
    .where(MESSAGE.c.binding_id == bindparam("binding"), MESSAGE.c.id < bindparam("before"))
    .order_by(MESSAGE.c.id.desc())
    .limit(bindparam("most"))
)
_PARTS = (
    select(DELIVERY.c.id, DELIVERY.c.state, DELIVERY.c.failure_code, DELIVERY.c.failure)
    .where(DELIVERY.c.message_id == bindparam("message"))
    .order_by(DELIVERY.c.id)
)


def of_binding(tx: Tx, binding: int, *, before: int = NEWEST, most: int = 20) -> list[Exchanged]:
    """The newest messages of a binding whose id is lower than `before`."""
    return [
        Exchanged(
            id=row.id,
            conversation=row.conversation_id,
            origin=row.origin,
            state=MessageState(row.state),
            contact=row.contact_id,
            address=row.address,
            name=row.name or "",
            at=moment(row.at),
            edited_at=moment(row.edited_at),
            unsent_at=moment(row.unsent_at),
            parts=() if row.origin == "person" else tuple(_parts(tx, row.id)),
        )
        for row in tx.all(_OF_BINDING, binding=binding, before=before, most=most)
    ]


def _parts(tx: Tx, message: int) -> Iterable[ExchangedPart]:
    for row in tx.all(_PARTS, message=message):
        yield ExchangedPart(row.id, OutboxState(row.state), row.failure_code, row.failure)
