"""Proactive messages: who asked for what, whom it reaches, and how far it got."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.states import OutboxState
from trinity_channels.store.tables import BINDING, CONTACT, CONVERSATION, DELIVERY, PROACTIVE
from trinity_channels.store.tx import Row, Tx


@dataclass(frozen=True, slots=True)
class ProactiveContact:
    """A direct conversation with a person who has proved the e-mail, the one they wrote in last.

    `unreachable_at`: when the provider reported that they want no messages; they have not written since.
    """

    conversation: int
    stopped: bool
    blocked: bool
    unreachable_at: datetime | None


@dataclass(frozen=True, slots=True)
class Proactive:
    """A proactive message as it was asked for."""

    id: str
    agent: str
    channel: str
    email: str = field(repr=False)
    fingerprint: str
    message: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One delivery of a message."""

    state: OutboxState
    failure_code: str | None
    failure: str | None


_RECIPIENT = (
    select(CONVERSATION.c.id, CONTACT.c.stopped_at, CONTACT.c.blocked_at, CONTACT.c.unreachable_at)
    .select_from(
        CONVERSATION.join(CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id).join(
            BINDING, BINDING.c.id == CONVERSATION.c.binding_id
        )
    )
    .where(
        CONTACT.c.email == bindparam("email"),
        BINDING.c.agent == bindparam("agent"),
        BINDING.c.channel == bindparam("channel"),
        BINDING.c.disconnected_at.is_(None),
        CONVERSATION.c.address != "",  # it changed hands, and there is no other
    )
    # One e-mail may belong to several contacts, such as two phones; the last used reaches the person.
    .order_by(CONVERSATION.c.last_inbound_at.desc())
    .limit(1)
)
_COLUMNS = (
    PROACTIVE.c.id,
    PROACTIVE.c.agent,
    PROACTIVE.c.channel,
    PROACTIVE.c.email,
    PROACTIVE.c.fingerprint,
    PROACTIVE.c.message_id,
    PROACTIVE.c.created_at,
)
_BY_KEY = select(*_COLUMNS).where(
    PROACTIVE.c.agent == bindparam("agent"), PROACTIVE.c.idempotency_key == bindparam("key")
)
_BY_ID = select(*_COLUMNS).where(PROACTIVE.c.agent == bindparam("agent"), PROACTIVE.c.id == bindparam("message"))
_RECENT = select(func.count().label("number"), func.min(PROACTIVE.c.created_at).label("first")).where(
    PROACTIVE.c.agent == bindparam("agent"),
    PROACTIVE.c.email == bindparam("email"),
    PROACTIVE.c.created_at > bindparam("since"),
)
_ADD = insert(PROACTIVE).values(
    id=bindparam("identity"),
    agent=bindparam("agent"),
    channel=bindparam("channel"),
    email=bindparam("email"),
    idempotency_key=bindparam("key"),
    fingerprint=bindparam("fingerprint"),
    message_id=bindparam("message"),
    created_by=bindparam("by"),
    created_at=bindparam("now"),
)
_PARTS = (
    select(DELIVERY.c.state, DELIVERY.c.failure_code, DELIVERY.c.failure)
    .where(DELIVERY.c.message_id == bindparam("message"))
    .order_by(DELIVERY.c.id)
)


def contact(tx: Tx, agent: str, channel: str, email: str) -> ProactiveContact | None:
    """Where an e-mail can be reached, None if it is linked to no conversation."""
    row = tx.one(_RECIPIENT, agent=agent, channel=channel, email=email)
    if row is None:
        return None
    return ProactiveContact(
        conversation=row.id,
        stopped=row.stopped_at is not None,
        blocked=row.blocked_at is not None,
        unreachable_at=moment(row.unreachable_at),
    )


def by_key(tx: Tx, agent: str, key: str) -> Proactive | None:
    """The message that was asked for under an idempotency key."""
    return _proactive(tx.one(_BY_KEY, agent=agent, key=key))


def by_id(tx: Tx, agent: str, message: str) -> Proactive | None:
    """An agent's proactive message."""
    return _proactive(tx.one(_BY_ID, agent=agent, message=message))


def recent(tx: Tx, agent: str, email: str, since: datetime) -> tuple[int, datetime | None]:
    """How many messages a recipient was sent since a time, and when the first of them."""
    row = tx.one(_RECENT, agent=agent, email=email, since=micros(since))
    return (row.number, moment(row.first)) if row else (0, None)


def add(tx: Tx, asked: Proactive, *, key: str | None, by: str) -> None:
    """Store what was asked for."""
    tx.run(
        _ADD,
        identity=asked.id,
        agent=asked.agent,
        channel=asked.channel,
        email=asked.email,
        key=key,
        fingerprint=asked.fingerprint,
        message=asked.message,
        by=by,
        now=micros(asked.created_at),
    )


def parts(tx: Tx, message: int) -> list[Part]:
    """The deliveries of a message, in order."""
    return [Part(OutboxState(row.state), row.failure_code, row.failure) for row in tx.all(_PARTS, message=message)]


def _proactive(row: Row | None) -> Proactive | None:
    if row is None:
        return None
    return Proactive(
        id=row.id,
        agent=row.agent,
        channel=row.channel,
        email=row.email,
        fingerprint=row.fingerprint,
        message=row.message_id,
        created_at=moment(row.created_at),
    )
