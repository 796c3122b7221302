"""What waits for a decision of an owner, counted by agent: requests, parked turns, messages that did not arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, distinct, exists, func, literal_column, select

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.states import PARKED_DELIVERIES, MessageState, TurnState
from trinity_channels.store.tables import ACCESS_REQUEST, BINDING, DELIVERY, MESSAGE, TURN
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.tx import Tx


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one agent's owner; `deliveries` counts messages, of which each may have several parts."""

    requests: int = 0
    turns: int = 0
    deliveries: int = 0
    oldest_request: datetime | None = None


_REQUESTS = (
    select(
        ACCESS_REQUEST.c.agent,
        func.count().label("number"),
        func.min(ACCESS_REQUEST.c.requested_at).label("oldest"),
    )
    .where(ACCESS_REQUEST.c.status == literal_column("'pending'"))
    .group_by(ACCESS_REQUEST.c.agent)
)
# Turns of people who were erased can only be forgotten.
_TURNS = (
    select(BINDING.c.agent, func.count().label("number"))
    .select_from(TURN.join(BINDING, BINDING.c.id == TURN.c.binding_id))
    .where(
        in_states(TURN.c.state, TurnState.FAILED),
        exists().where(MESSAGE.c.turn_id == TURN.c.id, in_states(MESSAGE.c.state, MessageState.FAILED)),
    )
    .group_by(BINDING.c.agent)
)
# A test message tells its sender at once, and cannot be sent again.
_DELIVERIES = (
    select(BINDING.c.agent, func.count(distinct(DELIVERY.c.message_id)).label("number"))
    .select_from(
        DELIVERY.join(BINDING, BINDING.c.id == DELIVERY.c.binding_id).join(
            MESSAGE, MESSAGE.c.id == DELIVERY.c.message_id
        )
    )
    .where(
        in_states(DELIVERY.c.state, *PARKED_DELIVERIES),
        DELIVERY.c.updated_at >= bindparam("since"),
        MESSAGE.c.origin != "test",
    )
    .group_by(BINDING.c.agent)
)


def by_agent(tx: Tx, since: datetime) -> dict[str, Waiting]:
    """What waits, by agent; messages that did not arrive are counted from `since` on, for they stay as they are."""
    # Three queries and not one join, which would count each row once for every row of the others.
    requests = {row.agent: row for row in tx.all(_REQUESTS)}
    turns: dict[str, int] = {row.agent: row.number for row in tx.all(_TURNS)}
    deliveries: dict[str, int] = {row.agent: row.number for row in tx.all(_DELIVERIES, since=micros(since))}
    return {
        agent: Waiting(
            requests[agent].number if agent in requests else 0,
            turns.get(agent, 0),
            deliveries.get(agent, 0),
            moment(requests[agent].oldest) if agent in requests else None,
        )
        for agent in {*requests, *turns, *deliveries}
    }
