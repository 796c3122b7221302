"""SQLite's connections: how they are set, and how they read."""

from __future__ import annotations

import sqlite3
from typing import TypeVar, cast

from sqlalchemy import Connection

from trinity_channels.store.database import Unit, result_of
from trinity_channels.store.tx import Tx

T = TypeVar("T")

LOG_PAGES = 4000
"""Pages of 4 KiB in the write-ahead log after which a commit copies them into the database file, and all that wait with it.
With SQLite's 1000, one commit in twenty did so under load."""
ALWAYS = (
    # In WAL mode, less would lose the last commits in a power failure, after providers were told that they are stored.
    "synchronous=FULL",
    # Off by default, and a setting of the connection, not of the file.
    "foreign_keys=ON",
    "secure_delete=ON",  # what was removed must not be readable in the file either
)
WRITING = (
    "cache_size=-4000",  # in KiB
    f"wal_autocheckpoint={LOG_PAGES}",
    "busy_timeout=0",  # a write must not wait on the event loop; see `_begin_beside`
)
READING = ("cache_size=-1000", "query_only=ON")  # there are several readers


def driver_of(connection: Connection, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    """The driver's connection below SQLAlchemy's, on which only we begin and end transactions.

    Set once for each connection rather than by SQLAlchemy's events, which cost more than the short reads of a message.
    """
    driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
    driver.isolation_level = None
    for pragma in (*ALWAYS, *pragmas):
        driver.execute(f"PRAGMA {pragma}")
    return driver


def in_snapshot(driver: sqlite3.Connection, tx: Tx, unit: Unit[T]) -> T:
    """Run a reading unit in a snapshot of its own."""
    driver.execute("BEGIN")
    try:
        return result_of(unit, tx)
    finally:
        driver.execute("ROLLBACK")
