"""The version of the schema while the database is in use: another process may have changed it."""

from __future__ import annotations

from enum import Enum

from sqlalchemy import Select, column, select, table

from trinity_channels.store import migrate, move_marks
from trinity_channels.store.tx import Tx

_STANDS: Select[tuple[str]] = select(column("version_num")).select_from(table(migrate.VERSION_TABLE))


class Schema(Enum):
    """How the schema stands to the one that the code is written for."""

    CURRENT = "current"
    NEWER = "newer"
    OLDER = "older"
    MOVED = "moved"
    """No process may use it: it is being moved, or was."""


def compared(tx: Tx) -> Schema:
    """Compare the database's schema with the one that the code is written for."""
    stands = tx.scalar(_STANDS, str)
    if stands == migrate.newest():
        return Schema.CURRENT
    if stands in (move_marks.PARTLY, move_marks.MOVED):
        return Schema.MOVED
    return Schema.OLDER if stands in migrate.known() else Schema.NEWER
