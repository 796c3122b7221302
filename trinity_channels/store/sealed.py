"""Whether a database holds sealed secrets; asked before an encryption key is made, and so before the store is open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from trinity_channels.store.failures import cannot_be_opened

_FIRST = "SELECT 1 FROM binding WHERE disconnected_at IS NULL LIMIT 1"


def exist(path: Path) -> bool:
    """Whether a connected account has its secrets in this database file. A missing file is not created.

    Raises:
        StoreError: the file cannot be read.
    """
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path)) as database:
            has_table = database.execute(
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'binding'"
            ).fetchone()
            return has_table is not None and database.execute(_FIRST).fetchone() is not None
    except sqlite3.Error as error:
        raise cannot_be_opened(path, error) from error
