"""Runs that go on at the agent's own host though no one may have their answers any more, noted until they are ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, delete, insert, literal_column, or_, select, update

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.given_up import IS_GIVEN_UP
from trinity_channels.store.states import TurnState
from trinity_channels.store.tables import BINDING, TURN, UNWANTED_RUN
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.tx import Tx


@dataclass(frozen=True, slots=True)
class UnwantedRun:
    """One of them.

    Attributes:
        id: its own.
        agent: the agent's name.
        channel: where the person wrote.
        conversation: the number of the conversation.
        key: that of the turn.
        run: what the agent's runtime calls it.
        since: when it was noted.
        attempts: how often it could not be ended.
    """

    id: int
    agent: str
    channel: str
    conversation: int
    key: str
    run: str
    since: datetime
    attempts: int


_NAMES = ("agent", "channel", "conversation_id", "key", "run", "since", "attempts", "next_at")


def _of_turns(run: ColumnElement[Any] = TURN.c.run, agent: ColumnElement[str] = BINDING.c.agent) -> Select[Any]:
    """The rows for turns, of which the caller says the conditions."""
    now: Any = bindparam("now")
    columns: list[Any] = [agent, BINDING.c.channel, TURN.c.conversation_id, TURN.c.key, run]
    columns += [now, literal_column("0"), now]
    return select(*columns).join_from(TURN, BINDING, BINDING.c.id == TURN.c.binding_id)


_NOTE = insert(UNWANTED_RUN).from_select(
    # What an agent that was deleted had begun was noted then.
    _NAMES,
    _of_turns().where(TURN.c.id == bindparam("turn"), TURN.c.run.is_not(None), ~IS_GIVEN_UP),
)
_BEGUN_BY = case((IS_GIVEN_UP, bindparam("agent")), else_=BINDING.c.agent)
_NOTE_RUN = insert(UNWANTED_RUN).from_select(
    _NAMES,
    _of_turns(bindparam("run"), _BEGUN_BY).where(
        TURN.c.id == bindparam("turn"), or_(~IS_GIVEN_UP, TURN.c.run.is_distinct_from(bindparam("run")))
    ),
)
_NOTE_AGENT = insert(UNWANTED_RUN).from_select(
    _NAMES,
    _of_turns().where(
        in_states(TURN.c.state, TurnState.OPEN), TURN.c.run.is_not(None), BINDING.c.agent == bindparam("agent")
    ),
)
_DUE = (
    select(UNWANTED_RUN)
    .where(UNWANTED_RUN.c.next_at <= bindparam("now"))
    .order_by(UNWANTED_RUN.c.next_at)
    .limit(bindparam("most"))
)
_ENDED = delete(UNWANTED_RUN).where(UNWANTED_RUN.c.id == bindparam("unwanted"))
_LATER = (
    update(UNWANTED_RUN)
    .where(UNWANTED_RUN.c.id == bindparam("unwanted"))
    .values(attempts=UNWANTED_RUN.c.attempts + 1, next_at=bindparam("at"))
)


def note(tx: Tx, turn: int, now: datetime) -> None:
    """Note the run that is followed for a turn, if there is one."""
    tx.run(_NOTE, turn=turn, now=micros(now))


def note_run(tx: Tx, turn: int, run: str, agent: str, now: datetime) -> None:
    """Note a run that was begun for a turn, and is not stored with it; `agent` is its name if it was deleted meanwhile."""
    tx.run(_NOTE_RUN, turn=turn, run=run, agent=agent, now=micros(now))


def note_agent(tx: Tx, agent: str, now: datetime) -> None:
    """Note all runs that are followed for an agent's open turns."""
    tx.run(_NOTE_AGENT, agent=agent, now=micros(now))


def due(tx: Tx, now: datetime, most: int) -> Sequence[UnwantedRun]:
    """At most `most` of those that are to be ended now, the longest due first."""
    return [
        UnwantedRun(
            row.id, row.agent, row.channel, row.conversation_id, row.key, row.run, moment(row.since), row.attempts
        )
        for row in tx.all(_DUE, now=micros(now), most=most)
    ]


def ended(tx: Tx, unwanted: int) -> None:
    """It is over, or given up."""
    tx.run(_ENDED, unwanted=unwanted)


def postpone(tx: Tx, unwanted: int, at: datetime) -> None:
    """It could not be ended; try again later."""
    tx.run(_LATER, unwanted=unwanted, at=micros(at))
