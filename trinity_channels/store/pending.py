"""Access requests that wait for the owner, with who asks and what they wrote first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, func, literal_column, select

from trinity_channels.api import Part
from trinity_channels.store import parts, verified_emails
from trinity_channels.store.clock import moment
from trinity_channels.store.statements import among
from trinity_channels.store.states import MessageState
from trinity_channels.store.tables import ACCESS_REQUEST, CONTACT, CONVERSATION, MESSAGE
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.tx import Tx
from trinity_channels.store.verified_emails import Verification


@dataclass(frozen=True, slots=True)
class Held:
    """What a person wrote who is kept waiting: the first message, and how many there are."""

    number: int = 0
    text: str = field(default="", repr=False)
    parts: tuple[Part, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A request that is open. `address` is where the person wrote; `verification` is None if they have signed out since."""

    id: int
    email: str
    channel: str
    conversation: int
    requested_at: datetime
    name: str = field(repr=False)
    address: str = field(repr=False)
    verification: Verification | None
    held: Held


_IS_PENDING = (ACCESS_REQUEST.c.agent == bindparam("agent"), ACCESS_REQUEST.c.status == literal_column("'pending'"))
_COUNT = select(func.count()).where(*_IS_PENDING)
_PAGE = (
    select(
        ACCESS_REQUEST.c.id.label("request"),
        ACCESS_REQUEST.c.email.label("asked_by"),
        ACCESS_REQUEST.c.channel,
        ACCESS_REQUEST.c.conversation_id,
        ACCESS_REQUEST.c.requested_at,
        CONVERSATION.c.address,
        func.coalesce(CONTACT.c.name, literal_column("''")).label("name"),
        *verified_emails.COLUMNS,
    )
    .select_from(
        ACCESS_REQUEST.outerjoin(CONVERSATION, CONVERSATION.c.id == ACCESS_REQUEST.c.conversation_id).outerjoin(
            CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id
        )
    )
    .where(*_IS_PENDING, ACCESS_REQUEST.c.id < bindparam("before"))
    .order_by(ACCESS_REQUEST.c.id.desc())
    .limit(bindparam("most"))
)
_FIRST = (
    select(MESSAGE.c.conversation_id, func.min(MESSAGE.c.id).label("id"), func.count().label("number"))
    .where(among(MESSAGE.c.conversation_id, bindparam("conversations")), in_states(MESSAGE.c.state, MessageState.HELD))
    .group_by(MESSAGE.c.conversation_id)
    .subquery("first_held")
)
_HELD = select(_FIRST.c.conversation_id, _FIRST.c.number.label("number"), MESSAGE.c.text, MESSAGE.c.parts).select_from(
    _FIRST.join(MESSAGE, MESSAGE.c.id == _FIRST.c.id)
)


def number(tx: Tx, agent: str) -> int:
    """How many requests of an agent are open."""
    return tx.number(_COUNT, agent=agent)


def page(tx: Tx, agent: str, *, before: int, most: int) -> list[PendingRequest]:
    """The open requests of an agent with ids below `before`, the newest first."""
    rows = tx.all(_PAGE, agent=agent, before=before, most=most)
    waiting = held(tx, [row.conversation_id for row in rows])
    return [
        PendingRequest(
            id=row.request,
            email=row.asked_by,
            channel=row.channel,
            conversation=row.conversation_id,
            requested_at=moment(row.requested_at),
            name=row.name,
            address=row.address or "",
            verification=verified_emails.read(row),
            held=waiting.get(row.conversation_id, Held()),
        )
        for row in rows
    ]


def held(tx: Tx, conversations: Sequence[int]) -> dict[int, Held]:
    """What is held in some conversations, by their ids; without those in which nothing is."""
    rows = tx.all(_HELD, conversations=json.dumps(conversations))
    return {row.conversation_id: Held(row.number, row.text, parts.load(row.parts)) for row in rows}
