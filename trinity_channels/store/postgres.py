"""PostgreSQL: each unit of work in a transaction of its own, in one of a few threads.

Transactions are serialisable: a unit may look and then write as on SQLite, where it is alone. If the database ends one
because of another, or its connection breaks before the commit, it runs again. A long one then runs alone: short ones would
end it each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import psycopg
from sqlalchemy import Connection, create_engine, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from trinity_channels.store import migrate, serving
from trinity_channels.store.database import PATIENCE, Store, Unit
from trinity_channels.store.failures import Locked, StoreError
from trinity_channels.store.serving import Serving
from trinity_channels.store.tables import BINDING
from trinity_channels.store.turnstile import Turnstile
from trinity_channels.store.tx import Compiled, Tx

T = TypeVar("T")
R = TypeVar("R")

WORKERS = 8
"""Connections, each with a thread: more of them only wait for the same processors and the same disk."""
_PAUSES = tuple(min(0.005 * 2**run, 0.5) for run in range(26))
"""Seconds before a unit runs again, at most: ten altogether, in which a server can restart."""
_MOMENT = 1.0
"""Seconds after a failed attempt to connect in which work that has waited long enough makes no other."""
_STATEMENT = 60
"""Seconds that the server gives a statement, also to wait for others. Those that bring up the schema have no limit."""
_SIDE_BY_SIDE = 3
"""How often a unit runs beside others before it runs alone."""
_SHORT = 0.2
"""Seconds: a unit that took longer runs alone at once."""
_GIVEN_UP = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
_UNUSABLE = (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction)
"""The database, not the unit: it is full, starts, stops, or stands in for another that takes what is written."""
_COMPILED: dict[int, Compiled] = {}
_CONNECTED = select(BINDING.c.id).where(BINDING.c.disconnected_at.is_(None)).limit(1)


class _Session:
    """One connection, with the transaction that runs on it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.driver = cast("psycopg.Connection[Any]", connection.connection.dbapi_connection)
        self.tx = Tx(connection, _COMPILED)

    @property
    def broken(self) -> bool:
        return self.driver.closed

    def commit(self) -> list[str]:
        """The keys that were woken, once it is on disk."""
        # SQLAlchemy knows of a transaction only where a query was built for its call.
        if self.connection.in_transaction():
            self.connection.commit()
        else:
            self.driver.commit()
        return self.tx.take_woken()

    def undo(self) -> None:
        self.tx.take_woken()
        if self.broken:
            return
        # A connection that broke undoes it by itself, and is seen to be broken then.
        with contextlib.suppress(psycopg.Error, DBAPIError):
            if self.connection.in_transaction():
                self.connection.rollback()
            else:
                self.driver.rollback()

    def close(self) -> None:
        if self.broken:
            self.connection.invalidate()
        else:
            serving.leave(self.connection)
        self.connection.close()


@dataclass(frozen=True, slots=True)
class _Outage:
    """That no connection could be made: `since` and `last` are the first and the last attempt, on the monotonic clock."""

    since: float
    last: float
    fault: BaseException


class PostgresStore(Store):
    """A database of a PostgreSQL server."""

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url)
        except ArgumentError as error:
            raise StoreError(f"TRINITY_CHANNELS_DATABASE_URL is not a URL: {error}") from None
        self._engine = create_engine(
            self._url,
            poolclass=NullPool,
            hide_parameters=True,
            connect_args=_limits(self._url),
        )
        self._outage: _Outage | None = None
        self._workers: ThreadPoolExecutor | None = None
        self._turnstile = Turnstile()
        self._local = threading.local()
        self._sessions: list[_Session] = []
        self._serving: Serving | None = None
        self._on_wake: Callable[[str], None] | None = None

    @property
    def name(self) -> str:
        return self._url.render_as_string(hide_password=True)

    def exists(self) -> bool:
        return self._ask(lambda connection: inspect(connection).has_table(migrate.VERSION_TABLE))

    def holds_secrets(self) -> bool:
        return self._ask(
            lambda connection: (
                inspect(connection).has_table(BINDING.name) and connection.execute(_CONNECTED).first() is not None
            )
        )

    def is_served(self) -> bool:
        return self._ask(serving.is_served)

    def on_wake(self, listener: Callable[[str], None]) -> None:
        self._on_wake = listener

    def _ask(self, question: Callable[[Connection], T]) -> T:
        try:
            with self._engine.connect() as connection:
                return question(connection)
        except DBAPIError as error:
            raise self._unusable(error.orig or error) from error

    def open(self, *, serve: bool = True) -> None:
        try:
            if serve:
                self._serving = Serving(self._engine, self.name, _COMPILED)
                self._serving.begin()
            # To see, once it has the lock, what another process has made meanwhile.
            with self._engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                migrate.bring_up(connection)
                if self._serving:
                    self._serving.mark(connection)
        except Locked:
            self._stop_serving()
            raise
        except migrate.NewerSchema as newer:
            self._stop_serving()
            raise migrate.too_new(self.name, newer.revision) from None
        except DBAPIError as error:
            self._stop_serving()
            raise self._unusable(error.orig or error) from error
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="store")

    def _stop_serving(self) -> None:
        ending, self._serving = self._serving, None
        if ending is not None:
            ending.end()

    async def close(self) -> None:
        workers, self._workers = self._workers, None
        if workers:
            # Writes that were submitted are completed before the host stops.
            await asyncio.to_thread(workers.shutdown)
            for session in self._sessions:
                session.close()
            self._sessions.clear()
            self._local = threading.local()
        self._stop_serving()

    async def write(self, unit: Unit[T]) -> T:
        running = self._submit(self._write, unit)
        # A caller that was cancelled cannot undo the commit: its wake-ups are sent.
        running.add_done_callback(self._tell)
        return (await asyncio.shield(running))[0]

    async def read(self, unit: Unit[T]) -> T:
        return await self._submit(self._read, unit)

    async def lookup(self, unit: Unit[T]) -> T:
        return await self._submit(self._read, unit)

    async def empty_log(self) -> bool:
        return True

    def _submit(self, work: Callable[[Unit[T], float], R], unit: Unit[T]) -> asyncio.Future[R]:
        if self._workers is None:
            raise StoreError("The store is closed.")
        return asyncio.get_running_loop().run_in_executor(self._workers, work, unit, time.monotonic())

    def _tell(self, done: asyncio.Future[tuple[Any, list[str]]]) -> None:
        if done.cancelled() or done.exception():
            return
        self.commits += 1
        for key in done.result()[1]:
            if self._on_wake:
                self._on_wake(key)

    def _write(self, unit: Unit[T], since: float) -> tuple[T, list[str]]:
        runs, longest = 0, 0.0

        def run(session: _Session) -> tuple[T, list[str]]:
            nonlocal runs, longest
            with self._turnstile.passed(alone=runs >= _SIDE_BY_SIDE or longest > _SHORT):
                began = time.monotonic()
                try:
                    return self._commit(session, unit(session.tx))
                finally:
                    runs, longest = runs + 1, max(longest, time.monotonic() - began)

        return self._until_it_works(run, since)

    def _commit(self, session: _Session, result: T) -> tuple[T, list[str]]:
        try:
            return result, session.commit()
        except (psycopg.OperationalError, DBAPIError) as error:
            if session.broken:
                # Not again: it may have been written.
                raise StoreError(
                    f"The connection to the database {self.name} broke during a commit, which may have taken effect."
                ) from error
            raise

    def _read(self, unit: Unit[T], since: float) -> T:
        def run(session: _Session) -> T:
            try:
                session.driver.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                return unit(session.tx)
            finally:
                session.undo()

        return self._until_it_works(run, since)

    def _until_it_works(self, run: Callable[[_Session], R], since: float) -> R:
        """Run it, again if the database ended it or the connection broke before anything was committed.

        Args:
            run: what is done with a connection.
            since: when it was asked for, on the monotonic clock: other work may have been before it.
        """
        for pause in (*_PAUSES, None):
            session = None
            try:
                session = self._session(since)
                result = run(session)
            except (psycopg.Error, DBAPIError) as error:
                fault = error.orig if isinstance(error, DBAPIError) else error
                lost = session is None or session.broken
                self._leave(session)
                if not (lost or isinstance(fault, _GIVEN_UP)):
                    if isinstance(fault, _UNUSABLE):
                        raise self._unusable(fault) from error
                    raise
                if pause is None and isinstance(fault, _GIVEN_UP):
                    raise StoreError(
                        f"The database {self.name} is too busy: others changed what this work reads, at each attempt."
                    ) from error
                if (
                    pause is None
                    or isinstance(fault, psycopg.errors.ConnectionTimeout)
                    or (lost and self._waited(since))
                ):
                    raise self._unusable(fault or error) from error
            except BaseException:
                self._leave(session)
                raise
            else:
                self._outage = None
                return result
            time.sleep(random.uniform(0, pause))  # noqa: S311  so that two do not meet again
        raise AssertionError("the last run ends it")

    def _session(self, since: float) -> _Session:
        session: _Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = _Session(self._attempted(since))
            self._sessions.append(session)
        return session

    def _waited(self, since: float) -> bool:
        """Whether work has waited long enough for a connection: since it was asked for, or since there is none."""
        outage = self._outage
        return time.monotonic() >= PATIENCE + min(since, outage.since if outage else since)

    def _attempted(self, since: float) -> Connection:
        """A new connection, except where the database was away a moment ago and the work has waited already."""
        before = self._outage
        if before and self._waited(since) and time.monotonic() < before.last + _MOMENT:
            raise self._unusable(before.fault)
        try:
            connection = self._connected()
        except DBAPIError as error:
            now = time.monotonic()
            self._outage = _Outage(before.since if before else now, now, error.orig or error)
            raise
        self._outage = None
        return connection

    def _connected(self) -> Connection:
        connection = self._engine.connect()
        try:
            if self._serving:
                self._serving.join(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _leave(self, session: _Session | None) -> None:
        """Undo what was begun; a connection that broke is given up."""
        if session is None:
            return
        session.undo()
        if session.broken:
            self._sessions.remove(session)
            self._local.session = None
            session.close()

    def _unusable(self, fault: BaseException) -> StoreError:
        return StoreError(f"The database {self.name} cannot be used: {str(fault).strip()}")


def _limits(url: URL) -> dict[str, object]:
    """What ends the wait for a server: parameters of libpq. Where the network is lost, only the system can tell."""
    limits: dict[str, object] = {
        "connect_timeout": PATIENCE,
        "tcp_user_timeout": PATIENCE * 1000,
        "keepalives_idle": PATIENCE,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "application_name": "trinity_channels",
    }
    chosen = {name: value for name, value in limits.items() if name not in url.query}
    options = f"-c default_transaction_isolation=serializable -c statement_timeout={_STATEMENT * 1000:.0f}"
    return chosen | {"options": options}
