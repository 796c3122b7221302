"""One process serves a PostgreSQL database, also after its connections have broken.

Two advisory locks say so. One belongs to a connection of its own; the other is shared by all connections that work for the
server, and another process must have it alone for a moment before it serves. So no connection writes for a server that has
been replaced, and no statement has to ask.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from trinity_channels.store import settings
from trinity_channels.store.failures import Locked
from trinity_channels.store.tx import Compiled, Tx

_SERVED = 0x7472_6963
_WORKING = 0x7472_6977
_ENDING = 2.0
"""Seconds in which the server sees that the connections of a process that was killed have ended."""
_MARK = "served_by"
"""The setting that names the process which served last."""
_HELD = (
    "FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objsubid = 1 AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND objid"
)


class Serving:
    """That this process serves the database."""

    def __init__(self, engine: Engine, name: str, compiled: dict[int, Compiled]) -> None:
        self._engine = engine
        self._name = name
        self._compiled = compiled
        self._mark = secrets.token_hex(8)
        self._one = threading.Lock()
        self._own: Connection | None = None
        self._backend = 0

    def begin(self) -> None:
        """Take the locks.

        Raises:
            Locked: another process serves the database.
            DBAPIError: the database cannot be used.
        """
        self._own = self._connected()
        if not self._take(self._own):
            raise Locked(f"Another process serves {self._name}: stop it, or give this one a database of its own.")

    def mark(self, connection: Connection) -> None:
        """Note in the database that this process serves it, once it has its tables."""
        settings.put(Tx(connection, self._compiled), _MARK, self._mark)

    def join(self, connection: Connection) -> None:
        """Let a new connection work for this process, which takes its lock again if it has lost it.

        Raises:
            Locked: another process serves the database, or has done so since: what is in memory here may be wrong.
            DBAPIError: the database cannot be used.
        """
        connection.exec_driver_sql(f"SELECT pg_advisory_lock_shared({_WORKING})")
        connection.commit()
        with self._one:
            if not self._holds():
                self._take_again()

    def end(self) -> None:
        """Let the database go."""
        own, self._own = self._own, None
        if own is not None:
            leave(own)
            own.close()

    def _connected(self) -> Connection:
        own = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self._backend = own.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        return own

    def _take(self, own: Connection) -> bool:
        until = time.monotonic() + _ENDING
        while not _took(own, _WORKING):
            if _is_held(own, f"= {_SERVED}") or time.monotonic() > until:
                return False
            time.sleep(0.05)
        try:
            return _took(own, _SERVED)
        finally:
            own.exec_driver_sql(f"SELECT pg_advisory_unlock({_WORKING})")

    def _holds(self) -> bool:
        if self._own is None:
            return False
        try:
            self._own.exec_driver_sql("SELECT 1")
        except DBAPIError:
            with contextlib.suppress(DBAPIError):
                self._own.close()
            self._own = None
        return self._own is not None

    def _take_again(self) -> None:
        before = self._backend
        own = self._connected()
        same = settings.get(Tx(own, self._compiled), _MARK) == self._mark
        if same:
            # Where only we have seen that the connection broke, the server would keep its lock for hours.
            own.exec_driver_sql(f"SELECT pg_terminate_backend(pid, 1000) {_HELD} = {_SERVED} AND pid = {before}")
        if not (same and _took(own, _SERVED)):
            own.close()
            self._backend = before
            raise Locked(
                f"Another process has served {self._name} since this one lost its connection: stop one of them, and "
                "start this one again if it is to go on."
            )
        self._own = own


def is_served(connection: Connection) -> bool:
    """Whether a process serves the database."""
    return _is_held(connection, f"IN ({_SERVED}, {_WORKING})")


def keep_out(connection: Connection) -> bool:
    """Let no process serve the database as long as the connection lasts; False if one does."""
    return not is_served(connection) and _took(connection, _SERVED)


def leave(connection: Connection) -> None:
    """Give up the locks of a connection that is about to be closed: the server sees its end only some time after us."""
    with contextlib.suppress(DBAPIError):
        connection.exec_driver_sql("SELECT pg_advisory_unlock_all()")


def _took(connection: Connection, key: int) -> bool:
    return bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({key})").scalar())


def _is_held(connection: Connection, keys: str) -> bool:
    return bool(connection.exec_driver_sql(f"SELECT EXISTS (SELECT {_HELD} {keys})").scalar())
