"""Statements that set a state: each names the states that it may come from, and finds no row in any other."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any

from sqlalchemy import Table, Update, literal_column, or_, update
from sqlalchemy.sql.elements import ColumnClause

from trinity_channels.store.states import (
    DELIVERIES,
    MESSAGES,
    TURNS,
    Lifecycle,
    MessageState,
    OutboxState,
    State,
    TurnState,
    in_order,
)
from trinity_channels.store.tables import DELIVERY, MESSAGE, TURN

LIFECYCLES: dict[type[StrEnum], tuple[Table, Lifecycle[Any]]] = {
    MessageState: (MESSAGE, MESSAGES),
    TurnState: (TURN, TURNS),
    OutboxState: (DELIVERY, DELIVERIES),
}


class ForbiddenTransition(Exception):
    """A statement sets a state in a way that `states` does not have; raised when its module is imported."""


def transition(origins: Collection[State], target: State) -> Update:
    """An update of the rows in one of the `origins`, which sets their state; add what else it looks for and sets.

    A row that is in the target already may be among the origins: then the rest of it is updated.

    Raises:
        ForbiddenTransition: an origin cannot become the target.
    """
    table, lifecycle = LIFECYCLES[type(target)]
    for origin in origins:
        if origin != target and target not in lifecycle.follows[origin]:
            raise ForbiddenTransition(f"{type(target).__name__}: {origin.name} never becomes {target.name}.")
    # Not IN: for a list SQLite builds a table each time, which costs more than all else in an update by id.
    came_from = or_(*(table.c.state == _literal(origin) for origin in in_order(origins)))
    return update(table).where(came_from).values(state=_literal(target))


def initial(state: StrEnum) -> ColumnClause[str]:
    """The state that an inserted row begins in.

    Raises:
        ForbiddenTransition: no row begins in it.
    """
    _, lifecycle = LIFECYCLES[type(state)]
    if state not in lifecycle.begins:
        raise ForbiddenTransition(f"{type(state).__name__}: none begins as {state.name}.")
    return _literal(state)


def _literal(state: StrEnum) -> ColumnClause[str]:
    # A part of the statement itself costs less than a value that is handed over with it.
    return literal_column(f"'{state}'")
