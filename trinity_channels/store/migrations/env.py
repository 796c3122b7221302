"""Alembic's entry: runs on the connection that `store.migrate` hands over.

On PostgreSQL, the columns and indexes of a migration become what `create_all` makes there of the same in the tables.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from sqlalchemy import Column, Index, Table, event
from sqlalchemy.schema import SchemaItem

from trinity_channels.store import migrate, tables
from trinity_channels.store.tables.indexes import fit_index
from trinity_channels.store.tables.row import METADATA, PREFIX, on_postgres

_ATTACHED = "after_parent_attach"


def _fit_column(column: Column[Any], table: Table) -> None:
    if table.name.startswith(PREFIX):
        column.type = on_postgres(column.type)


def _fit_index(index: Index, table: Table) -> None:
    if table.name.startswith(PREFIX):
        fit_index(index)


@contextmanager
def _fitting(dialect: str) -> Iterator[None]:
    """While migrations run; what the process defines otherwise has other names."""
    fits: list[tuple[type[SchemaItem], Callable[..., None]]] = [(Column, _fit_column), (Index, _fit_index)]
    listeners = fits if dialect == "postgresql" else []
    for item, fit in listeners:
        event.listen(item, _ATTACHED, fit)
    try:
        yield
    finally:
        for item, fit in listeners:
            event.remove(item, _ATTACHED, fit)


connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=METADATA, render_as_batch=True, version_table=migrate.VERSION_TABLE
)
assert tables  # noqa: S101  imported for its metadata
with _fitting(connection.dialect.name), context.begin_transaction():
    context.run_migrations()
