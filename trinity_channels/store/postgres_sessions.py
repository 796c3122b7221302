"""The connections to a PostgreSQL server: one for each thread that works, and what ends the wait for a server."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

import psycopg
from psycopg.abc import Buffer
from psycopg.types.string import StrDumper
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from trinity_channels.store import serving
from trinity_channels.store.database import PATIENCE
from trinity_channels.store.failures import StoreError
from trinity_channels.store.listening import CHANNEL
from trinity_channels.store.news import Subject
from trinity_channels.store.tx import Compiled, Tx

log = logging.getLogger(__name__)

_MOMENT = 1.0
"""Seconds after a failed attempt to connect in which work that has waited long enough makes no other."""
_STATEMENT = 60
"""Seconds that the server gives a statement, also to wait for others. Those that bring up the schema have no limit."""
_PAUSED = 5
"""Seconds for which a transaction may wait for its process before the server ends it. A process that is stopped, or whose
machine is, would keep its locks and hold up all others; it takes them longer to notice."""
_LONGEST_NAME = 63
"""Bytes that the server keeps of what a connection calls itself; error messages name processes so."""
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
COMPILED: dict[int, Compiled] = {}
"""The statements of all stores of this process."""


class _Readable(StrDumper):
    """Texts without the characters that PostgreSQL takes in none; one that is looked for is then equal to none."""

    def dump(self, obj: str) -> Buffer | None:
        try:
            return super().dump(obj)
        except (psycopg.DataError, UnicodeEncodeError):
            whole = obj.replace("\0", _REPLACEMENT).encode("utf-8", "surrogatepass")
            return super().dump(whole.decode("utf-8", "replace"))


class Session:
    """One connection, with the transaction that runs on it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.driver = cast("psycopg.Connection[Any]", connection.connection.dbapi_connection)
        self.driver.adapters.register_dumper(str, _Readable)
        self.tx = Tx(connection, COMPILED)

    @property
    def broken(self) -> bool:
        """Whether the connection has ended."""
        return self.driver.closed

    def commit(self, told: Iterable[Subject]) -> None:
        """Returns once it is on disk, and others hear what was told."""
        for subject in told:
            self.driver.execute("SELECT pg_notify(%s, %s)", (CHANNEL, subject))
        # SQLAlchemy knows of a transaction only where a query was built for its call.
        if self.connection.in_transaction():
            self.connection.commit()
        else:
            self.driver.commit()

    def undo(self) -> None:
        """Leave the transaction, and nothing of it."""
        self.tx.take_woken()
        self.tx.take_told()
        if self.broken:
            return
        # A connection that broke undoes it by itself, and is seen to be broken then.
        with contextlib.suppress(psycopg.Error, DBAPIError):
            if self.connection.in_transaction():
                self.connection.rollback()
            else:
                self.driver.rollback()

    def close(self) -> None:
        """End the connection."""
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


class Sessions:
    """The sessions of a store, one for each of its threads.

    Attributes:
        outage: that the database is away, as far as the last attempt tells; None if it is there.
    """

    outage: _Outage | None = None

    def __init__(
        self,
        engine: Engine,
        joined: Callable[[Connection], None],
        unusable: Callable[[BaseException], StoreError],
    ) -> None:
        self._engine = engine
        self._joined = joined
        self._unusable = unusable
        self._local = threading.local()
        self._all: list[Session] = []
        self._one = threading.Lock()

    def here(self, since: float) -> Session:
        """The session of this thread, for work that was asked for at `since` on the monotonic clock.

        Raises:
            StoreError: the database was away a moment ago, and the work has waited already.
            DBAPIError: it cannot be reached.
        """
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = Session(self._attempted(since))
            self._all.append(session)
        return session

    def leave(self, session: Session | None) -> None:
        """Undo what was begun; a connection that broke is given up."""
        if session is None:
            return
        session.undo()
        if session.broken:
            self._all.remove(session)
            self._local.session = None
            session.close()

    def close(self) -> None:
        """End all of them, once no thread uses one any more."""
        for session in self._all:
            session.close()
        self._all.clear()
        self._local = threading.local()

    def waited(self, since: float) -> bool:
        """Whether work has waited long enough for a connection: since it was asked for, or since there is none."""
        outage = self.outage
        return time.monotonic() >= PATIENCE + min(since, outage.since if outage else since)

    def _attempted(self, since: float) -> Connection:
        """A new connection, except where the database was away a moment ago and the work has waited already."""
        before = self.outage
        if before and self.waited(since) and time.monotonic() < before.last + _MOMENT:
            raise self._unusable(before.fault)
        try:
            connection = self._connected()
        except DBAPIError as error:
            self._away(error.orig or error)
            raise
        self.there()
        return connection

    def there(self) -> None:
        """Note that the database answers."""
        if self.outage is None:
            return
        with self._one:
            ended, self.outage = self.outage, None
        if ended is not None:
            log.info("database back after %.1f seconds", time.monotonic() - ended.since)

    def _away(self, fault: BaseException) -> None:
        """Note that no connection could be made. The log has it once: all work that fails meanwhile has this cause."""
        now = time.monotonic()
        with self._one:
            before = self.outage
            self.outage = _Outage(before.since if before else now, now, fault)
        if before is None:
            log.error("database away: %s", str(fault).strip())

    def _connected(self) -> Connection:
        connection = self._engine.connect()
        try:
            self._joined(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def limits(url: URL) -> dict[str, object]:
    """What ends the wait for a server: parameters of libpq. Where the network is lost, only the system can tell."""
    known: dict[str, object] = {
        "connect_timeout": PATIENCE,
        "tcp_user_timeout": PATIENCE * 1000,
        "keepalives_idle": PATIENCE,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "application_name": f"trinity_channels {socket.gethostname()}:{os.getpid()}"[:_LONGEST_NAME],
    }
    chosen = {name: value for name, value in known.items() if name not in url.query}
    # The server, too, gives up a connection whose other end is gone: it would keep its locks.
    ends = f"-c tcp_keepalives_idle={PATIENCE} -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    waits = f"-c statement_timeout={_STATEMENT * 1000} -c idle_in_transaction_session_timeout={_PAUSED * 1000}"
    options = f"{ends} -c default_transaction_isolation=serializable {waits}"
    return chosen | {"options": options}


def shown(url: URL) -> str:
    """A URL without its passwords: also libpq's, which are parameters."""
    hidden = {name: "***" for name in url.query if "password" in name}
    return url.update_query_dict(hidden).render_as_string(hide_password=True)
