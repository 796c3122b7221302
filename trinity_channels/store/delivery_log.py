"""Deliveries as the owner sees them: what was sent, how far it got, why it failed; without address and text."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, bindparam, select

from trinity_channels.store.clock import moment
from trinity_channels.store.states import PARKED_DELIVERIES, OutboxState
from trinity_channels.store.tables import BINDING, CONVERSATION, DELIVERY, MESSAGE
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.tx import Row, Tx


@dataclass(frozen=True, slots=True)
class Sent:
    """One provider message.

    `client` is the contact's id, None in groups. `origin` says what it belongs to: an answer (agent), a notice of the
    host, a proactive or a test message.
    """

    id: int
    agent: str
    channel: str
    client: int | None
    origin: str
    state: OutboxState
    attempts: int
    provider_id: str | None
    failure_code: str | None
    failure: str | None
    created_at: datetime
    updated_at: datetime
    failure_kind: str | None


SENT = select(
    DELIVERY.c.id,
    BINDING.c.agent,
    BINDING.c.channel,
    CONVERSATION.c.contact_id,
    MESSAGE.c.origin,
    DELIVERY.c.state,
    DELIVERY.c.attempts,
    DELIVERY.c.provider_id,
    DELIVERY.c.failure_code,
    DELIVERY.c.failure,
    DELIVERY.c.created_at,
    DELIVERY.c.updated_at,
    DELIVERY.c.failure_kind,
).select_from(
    DELIVERY.join(BINDING, BINDING.c.id == DELIVERY.c.binding_id)
    .join(CONVERSATION, CONVERSATION.c.id == DELIVERY.c.conversation_id)
    .join(MESSAGE, MESSAGE.c.id == DELIVERY.c.message_id)
)
_ONE = SENT.where(DELIVERY.c.id == bindparam("delivery"), BINDING.c.agent == bindparam("agent"))
# For the index `delivery_parked`, so that what failed is found without reading what was delivered.
_IS_PARKED = in_states(DELIVERY.c.state, *PARKED_DELIVERIES)


def one(tx: Tx, agent: str, delivery: int) -> Sent | None:
    """One delivery of an agent, None if it has none with this id."""
    row = tx.one(_ONE, delivery=delivery, agent=agent)
    return None if row is None else sent(row)


def recent(tx: Tx, agent: str | None, states: Collection[str] = (), *, most: int = 200) -> list[Sent]:
    """The newest deliveries first.

    Args:
        tx: the transaction.
        agent: whose; None means everyone's.
        states: which; none means all.
        most: how many at most.
    """
    return [sent(row) for row in tx.query(_recent(agent, states).order_by(DELIVERY.c.id.desc()).limit(most))]


def _recent(agent: str | None, states: Collection[str]) -> Select[Row]:
    statement = SENT
    if agent is not None:
        statement = statement.where(BINDING.c.agent == agent)
    if states and PARKED_DELIVERIES.issuperset(states):
        # Besides the narrower condition below: SQLite recognises the index only by its own words.
        statement = statement.where(_IS_PARKED)
    if states and states != PARKED_DELIVERIES:
        statement = statement.where(DELIVERY.c.state.in_(states))
    return statement


def sent(row: Row) -> Sent:
    """A row of `SENT`."""
    return Sent(
        id=row.id,
        agent=row.agent,
        channel=row.channel,
        client=row.contact_id,
        origin=row.origin,
        state=OutboxState(row.state),
        attempts=row.attempts,
        provider_id=row.provider_id,
        failure_code=row.failure_code,
        failure=row.failure,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
        failure_kind=row.failure_kind,
    )
