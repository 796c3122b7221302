"""Partial indexes cover the work that is open, so that finding it never grows with what is done.

SQLite takes such an index only for a statement that words the condition as the index does: both are worded here.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    MetaData,
    column,
    false,
    literal_column,
    text,
    true,
)

from trinity_channels.store.states import State, in_order


def in_states(column: Column[str], *states: State) -> ColumnElement[bool]:
    """Whether a row is in one of these states."""
    wanted: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in in_order(states)]
    return column.in_(wanted) if len(wanted) > 1 else column == wanted[0]


def partial(name: str, *columns: str, where: str | ColumnElement[bool], unique: bool = False) -> Index:
    """An index of the rows for which `where` holds; for PostgreSQL `create_all` says so."""
    condition = text(where) if isinstance(where, str) else where
    return Index(name, *columns, unique=unique, sqlite_where=condition)


def fit_index(index: Index) -> None:
    """Let an index have its condition on PostgreSQL, too."""
    index.dialect_kwargs["postgresql_where"] = index.dialect_kwargs.get("sqlite_where")


def create_all(connection: Connection, metadata: MetaData) -> None:
    """Make all tables with their indexes in a new PostgreSQL database."""
    for table in metadata.tables.values():
        for index in table.indexes:
            # Not with the index itself: for this option, SQLAlchemy imports twenty modules that few hosts need.
            fit_index(index)
    metadata.create_all(connection)


def flag(name: str, *, value: bool = True) -> ColumnElement[bool]:
    """Whether the flag is set, as the condition of an index: 1 on SQLite, true on PostgreSQL."""
    return column(name, Boolean) == (true() if value else false())


def open_work(name: str, column: str, *states: State) -> Index:
    """An index of the rows in these states."""
    return partial(name, column, "id", where=condition(states))


def condition(states: Iterable[State]) -> str:
    """`in_states` of the column `state`, as the text that an index is made with."""
    listed = [f"'{state}'" for state in in_order(states)]
    return f"state IN ({', '.join(listed)})" if len(listed) > 1 else f"state = {listed[0]}"
