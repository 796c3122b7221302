"""An empty database, which is watched: to apply all migrations takes longer than most stories."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.transitions import watch_states
from trinity_channels.store import Store, migrate
from trinity_channels.store.sqlite import SqliteStore

NAME = "trinity_channels.db"
"""The file in the data folder of a host."""


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        migrate.upgrade(f"sqlite:///{path}")
        watch_states(path)
        return path.read_bytes()


def found(folder: Path) -> Path:
    """The database in a folder, made with the current schema if there is none."""
    path = folder / NAME
    if not path.exists():
        path.write_bytes(_empty())
    return path


@contextmanager
def full_disk(store: SqliteStore) -> Iterator[None]:
    """No file may grow beyond what the write-ahead log has by now, so that commits fail."""
    size = store.path.with_name(store.path.name + "-wal").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Sqlite:
    """The databases of worlds: files in their folders."""

    store: type[Store] = SqliteStore

    def url(self, folder: Path) -> str:
        """The URL of the database of a folder."""
        return f"sqlite:///{found(folder)}"

    @contextmanager
    def unusable(self, folder: Path) -> Iterator[None]:
        """Another program writes to it, for longer than the host waits."""
        with (
            pytest.MonkeyPatch.context() as patched,
            closing(sqlite3.connect(folder / NAME, isolation_level=None)) as other,
        ):
            patched.setattr("trinity_channels.store.sqlite.PATIENCE", 0.05)
            other.execute("BEGIN IMMEDIATE")
            yield

    def rows(self, folder: Path, statement: str) -> list[tuple[Any, ...]]:
        """What a statement finds there."""
        with closing(sqlite3.connect(folder / NAME)) as connection:
            return connection.execute(statement).fetchall()

    def change(self, folder: Path, statement: str) -> None:
        """Change what stands there, as an operator or an earlier version could have."""
        with closing(sqlite3.connect(folder / NAME)) as connection, connection:
            connection.execute(statement)

    def variables(self, folder: Path) -> dict[str, str]:  # noqa: ARG002  the file is found in the folder
        """What commands need, beside the folder, to find it."""
        return {}
