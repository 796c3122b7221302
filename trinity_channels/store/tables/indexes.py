"""Partial indexes cover the work that is open, so that finding it never grows with what is done.

SQLite takes such an index only for a statement that words the condition as the index does: both are worded here.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, ColumnElement, Index, literal_column, text

from trinity_channels.store.states import State, in_order


def in_states(column: Column[str], *states: State) -> ColumnElement[bool]:
    """Whether a row is in one of these states."""
    wanted: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in in_order(states)]
    return column.in_(wanted) if len(wanted) > 1 else column == wanted[0]


def open_work(name: str, column: str, *states: State) -> Index:
    """An index of the rows in these states."""
    return Index(name, column, "id", sqlite_where=text(condition(states)))


def condition(states: Iterable[State]) -> str:
    """`in_states` of the column `state`, as the text that an index is made with."""
    listed = [f"'{state}'" for state in in_order(states)]
    return f"state IN ({', '.join(listed)})" if len(listed) > 1 else f"state = {listed[0]}"
