"""Whether a database holds sealed secrets; asked before an encryption key is made, and so before the store is open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from trinity_channels.store.earlier_names import BINDINGS as EARLIER_BINDINGS
from trinity_channels.store.failures import cannot_be_opened
from trinity_channels.store.tables import BINDING

_TABLES = (BINDING.name, EARLIER_BINDINGS)
"""Of today, and of a database that is not migrated yet."""


def exist(path: Path) -> bool:
    """Whether a connected account has its secrets in this database file. A missing file is not created.

    Raises:
        StoreError: the file cannot be read.
    """
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path)) as database:
            return any(_has_connected(database, table) for table in _TABLES)
    except sqlite3.Error as error:
        raise cannot_be_opened(path, error) from error


def _has_connected(database: sqlite3.Connection, table: str) -> bool:
    columns = {row[1] for row in database.execute("SELECT * FROM pragma_table_info(?)", (table,))}
    if not {"disconnected_at", "webhook_digest"} <= columns:  # missing, or another program's
        return False
    found = database.execute(f"SELECT 1 FROM {table} WHERE disconnected_at IS NULL LIMIT 1")  # noqa: S608  a constant
    return found.fetchone() is not None
