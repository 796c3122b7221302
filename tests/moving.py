"""Databases for tests of moves: one with rows in every table, and what stands in any."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Integer, Table, create_engine, select
from sqlalchemy.pool import NullPool

from trinity_channels.store import StoreError, migrate, store_at
from trinity_channels.store.move.rows import tables

TEXTS = (
    "",
    "plain",
    "tab\tnew\nline\r",
    "back\\slash \\N \\.",
    "quotes '\" ; --",
    "Grüße, 你好 👩🏽‍🚀\u2028",
    '{"a": "\\ud83d\\ude00"}',
    "NULL",
)
NUMBERS = (0, -1, 2**63 - 1, -(2**63), 1_772_442_000_000_000)
ROWS = 12
APART = 7
"""Between two ids."""


def filled(path: Path, rows: int = ROWS) -> str:
    """The URL of a SQLite file with rows in every table, whose values are hard to keep."""
    url = f"sqlite:///{path}"
    path.write_bytes(_empty())
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for table in tables() if rows else ():
            connection.execute(table.insert(), [_row(table, number) for number in range(1, rows + 1)])
    return url


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        migrate.upgrade(f"sqlite:///{path}")
        return path.read_bytes()


def _row(table: Table, number: int) -> Mapping[str, Any]:
    return {column.name: _value(column, place, number) for place, column in enumerate(table.columns)}


def _value(column: Column[Any], place: int, number: int) -> Any:
    if column.foreign_keys:
        return number * APART
    if column.nullable and (number + place) % 3 == 0:
        return None
    if isinstance(column.type, Boolean):
        return bool((number + place) % 2)
    if isinstance(column.type, Integer):
        return number * APART if column.primary_key else NUMBERS[(number + place) % len(NUMBERS)]
    return f"{TEXTS[(number + place) % len(TEXTS)]}{number}"


def content(url: str, of: Sequence[Table] | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, or of some."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return {table.name: _rows(connection, table) for table in of or tables()}


def _rows(connection: Connection, table: Table) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]


def as_kept(path: Path) -> list[str]:
    """Everything in a SQLite file but where its parts lie: the schema, and the rows with their types."""
    with closing(sqlite3.connect(path)) as connection:
        return sorted(connection.iterdump())


def opens(url: str) -> bool:
    """Whether a host could work with the database."""
    store = store_at(url)
    try:
        store.open(serve=False)
    except StoreError:
        return False
    asyncio.run(store.close())
    return True
