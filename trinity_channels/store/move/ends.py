"""The two ends of a move: databases that no process serves meanwhile, and what each kind of them does its own way."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, PrimaryKeyConstraint, Table, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from trinity_channels.store import migrate, serving
from trinity_channels.store.database import PATIENCE
from trinity_channels.store.failures import Locked, StoreError, cannot_be_opened
from trinity_channels.store.kinds import POSTGRES
from trinity_channels.store.sqlite import SqliteStore
from trinity_channels.store.sqlite_driver import driver_of
from trinity_channels.store.urls import parsed

SQLITE = "sqlite:///"
Values = tuple[Any, ...]
_ENDING = 2.0
"""Seconds in which the server sees that the connections of a process that was killed have ended."""


class End(ABC):
    """One of the two databases, with a connection to it.

    Attributes:
        name: what messages call it, without a password.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self.connection = connection
        self.name = name
        self._driver: Any = connection.connection.dbapi_connection

    @property
    def url(self) -> str:
        """Its URL, without a password."""
        return self.name

    def blamed(self) -> contextlib.AbstractContextManager[None]:
        """What fails here is an error of this database.

        Raises:
            StoreError: instead of what its driver raises.
        """
        return _blamed(self.name, self.connection.engine)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that writes."""
        with self.blamed():
            self.begin()
            yield self.connection
            self.connection.commit()

    @abstractmethod
    def begin(self) -> None:
        """Begin a transaction that writes."""

    @abstractmethod
    def freeze(self, tables: Sequence[Table]) -> None:
        """Begin a transaction that sees the tables as they are now; until it has ended, others only read them."""

    @abstractmethod
    def put(self, table: Table, rows: Sequence[Values]) -> None:
        """Write rows, whose values have the order of the columns."""

    @abstractmethod
    def empty(self, tables: Sequence[Table]) -> None:
        """Remove all rows; a table comes after those that its rows refer to."""

    @abstractmethod
    def encoding(self) -> str:
        """How the database keeps texts."""

    @abstractmethod
    def numbers(self, tables: Sequence[Table]) -> Mapping[str, int]:
        """The last number that each table has given to a row, as far as the database remembers more than its rows."""

    @abstractmethod
    def settle(self, tables: Sequence[Table], numbers: Mapping[str, int]) -> None:
        """After all rows: new ones get greater numbers than those, and than `numbers`; queries are planned for them.

        Args:
            numbers: as `numbers` of the other end gives them.
        """


class SqliteEnd(End):
    """A SQLite file."""

    def __init__(self, connection: Connection, name: str) -> None:
        super().__init__(connection, name)
        driver_of(connection, ())

    @property
    def url(self) -> str:
        return f"{SQLITE}{self.name}"

    def begin(self) -> None:
        self.connection.exec_driver_sql("BEGIN IMMEDIATE")

    def freeze(self, tables: Sequence[Table]) -> None:  # noqa: ARG002  it is one file
        self.begin()

    def put(self, table: Table, rows: Sequence[Values]) -> None:
        marks = ", ".join("?" for _ in table.columns)
        self._driver.executemany(f"INSERT INTO {table.name} ({_names(table)}) VALUES ({marks})", rows)  # noqa: S608  our own names

    def empty(self, tables: Sequence[Table]) -> None:
        for table in reversed(tables):
            self.connection.execute(table.delete())

    def encoding(self) -> str:
        return "UTF8"

    def numbers(self, tables: Sequence[Table]) -> Mapping[str, int]:  # noqa: ARG002  its rows are all that it knows
        return {}

    def settle(self, tables: Sequence[Table], numbers: Mapping[str, int]) -> None:
        """Nothing: a new row gets the number after the greatest."""


class PostgresEnd(End):
    """A database of a PostgreSQL server."""

    def __init__(self, connection: Connection, name: str) -> None:
        super().__init__(connection, name)
        until = time.monotonic() + _ENDING
        while not serving.keep_out(connection):
            if time.monotonic() > until:
                raise _in_use(name)
            time.sleep(0.05)
        # A move takes as long as it takes, but it does not wait for those who hold a table.
        serving.unlimited(connection)
        connection.exec_driver_sql(f"SET lock_timeout = '{PATIENCE}s'")
        connection.commit()

    def begin(self) -> None:
        """Nothing: the driver begins a transaction by itself."""

    def freeze(self, tables: Sequence[Table]) -> None:
        self.connection.rollback()
        self.connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        names = ", ".join((migrate.VERSION_TABLE, *(table.name for table in tables)))
        # Before anything is read: what is seen is how it is after the last of those who were writing.
        self.connection.exec_driver_sql(f"LOCK TABLE {names} IN SHARE MODE")

    def put(self, table: Table, rows: Sequence[Values]) -> None:
        with self._driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({_names(table)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def empty(self, tables: Sequence[Table]) -> None:
        self.connection.exec_driver_sql(f"TRUNCATE {', '.join(table.name for table in tables)}")

    def encoding(self) -> str:
        return str(self.connection.exec_driver_sql("SHOW server_encoding").scalar())

    def numbers(self, tables: Sequence[Table]) -> Mapping[str, int]:
        found = {}
        for table, sequence in self._sequences(tables):
            query = f"SELECT last_value FROM {sequence} WHERE is_called"  # noqa: S608  our own names
            found[table.name] = self.connection.exec_driver_sql(query).scalar() or 0
        return found

    def settle(self, tables: Sequence[Table], numbers: Mapping[str, int]) -> None:
        for table, sequence in self._sequences(tables):
            greatest = f"SELECT max({_names(table.primary_key)}) FROM {table.name}"  # noqa: S608  our own names
            last = max(self.connection.exec_driver_sql(greatest).scalar() or 0, numbers.get(table.name, 0))
            if last:
                self.connection.exec_driver_sql(f"SELECT setval('{sequence}', {last})")
        for table in tables:
            # Else queries are planned for empty tables until the server comes round to it.
            self.connection.exec_driver_sql(f"ANALYZE {table.name}")

    def _sequences(self, tables: Sequence[Table]) -> Iterator[tuple[Table, str]]:
        for table in tables:
            for column in table.primary_key:
                query = f"SELECT pg_get_serial_sequence('{table.name}', '{column.name}')"
                if sequence := self.connection.exec_driver_sql(query).scalar():
                    yield table, sequence


def check_url(url: str) -> None:
    """Refuse what names no database that can be moved.

    Raises:
        ValueError: with what is wrong; nothing of the URL is in it, which may hold a password.
    """
    if not url.startswith((SQLITE, POSTGRES)):
        raise ValueError(f"must start with {SQLITE} or {POSTGRES}")
    place = parsed(url)
    if place.get_backend_name() == "sqlite" and place.database in (None, "", ":memory:"):
        raise ValueError(f"must name a file, such as {SQLITE}channels.db")


def are_one(first: str, second: str) -> bool:
    """Whether two URLs of PostgreSQL name the same database, however they are written: a lock of one is seen in the other.

    Raises:
        StoreError: one cannot be used.
    """
    with _reached(parsed(first)) as one, _reached(parsed(second)) as other:
        lock = secrets.randbits(62)
        one.exec_driver_sql(f"SELECT pg_advisory_xact_lock({lock})")
        return not other.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({lock})").scalar()


@contextlib.contextmanager
def _reached(url: URL) -> Iterator[Connection]:
    from trinity_channels.store.postgres_sessions import limits, shown  # noqa: PLC0415  with SQLite, it may be missing

    engine = create_engine(url, connect_args=limits(url), poolclass=NullPool, hide_parameters=True)
    with _blamed(shown(url), engine), engine.connect() as connection:
        yield connection


@contextlib.contextmanager
def end_at(url: str) -> Iterator[End]:
    """The database that a URL names, connected; no process can serve it meanwhile. It is not made.

    Raises:
        Locked: a process serves it, or another command moves it.
        StoreError: it cannot be used.
    """
    place = parsed(url)
    with _sqlite(place) if place.get_backend_name() == "sqlite" else _postgres(place) as end:
        yield end


@contextlib.contextmanager
def _sqlite(url: URL) -> Iterator[End]:
    store = SqliteStore(url.render_as_string(hide_password=False))
    name = str(store.path.absolute())
    engine = create_engine(url, connect_args={"timeout": PATIENCE}, poolclass=NullPool, hide_parameters=True)
    try:
        _claim(store, name)
        with _connected(SqliteEnd, engine, name) as end:
            yield end
    finally:
        store.release()


def _claim(store: SqliteStore, name: str) -> None:
    try:
        store.claim()
    except Locked as error:
        raise _in_use(name) from error
    except OSError as error:
        raise cannot_be_opened(store.path, error) from error


@contextlib.contextmanager
def _postgres(url: URL) -> Iterator[End]:
    # With SQLite, its driver may be missing.
    from trinity_channels.store.postgres_sessions import limits, shown  # noqa: PLC0415  see above

    engine = create_engine(
        url, connect_args=limits(url), poolclass=NullPool, hide_parameters=True, isolation_level="READ COMMITTED"
    )
    with _connected(PostgresEnd, engine, shown(url)) as end:
        try:
            yield end
        finally:
            serving.leave(end.connection)


@contextlib.contextmanager
def _connected(kind: type[End], engine: Engine, name: str) -> Iterator[End]:
    with contextlib.ExitStack() as stack:
        with _blamed(name, engine):
            end = kind(stack.enter_context(engine.connect()), name)
        yield end


@contextlib.contextmanager
def _blamed(name: str, engine: Engine) -> Iterator[None]:
    driver = engine.dialect.loaded_dbapi
    try:
        yield
    except (DBAPIError, driver.Error) as error:
        fault = error.orig if isinstance(error, DBAPIError) else error
        # What cannot be read is not shown.
        why = str(fault).partition(" with text ")[0].strip()
        if getattr(fault, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            why = "another program keeps it locked; try again when that has ended"
        if isinstance(fault, driver.IntegrityError):
            raise StoreError(f"The database {name} refuses a row: {why}") from error
        raise StoreError(f"The database {name} cannot be used: {why}") from error


def _in_use(name: str) -> Locked:
    return Locked(
        f"The database {name} is in use: stop the host that is served from it, or wait for the command that moves it."
    )


def _names(columns: Table | PrimaryKeyConstraint) -> str:
    return ", ".join(f'"{column.name}"' for column in columns.columns)
