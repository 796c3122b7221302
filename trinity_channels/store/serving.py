"""Which processes serve a PostgreSQL database: any number with its schema, or one command that changes or moves it.

An advisory lock says so. All connections of a process that serves share it, and who changes the schema or moves the database
must have it alone. So no process writes that has not noticed what became of the database, and no statement has to ask.
"""

from __future__ import annotations

import contextlib
import logging
import threading

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from trinity_channels.store import jobs, migrate
from trinity_channels.store.failures import Locked

log = logging.getLogger(__name__)

_SERVED = 0x7472_6963
_LOCKS = (
    "pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objsubid = 1 AND granted AND pid <> pg_backend_pid() "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND objid"
)
"""Those that others hold; which lock it is follows."""
LONGEST_UPGRADE = 600
"""Seconds that a start waits for another process to bring up the schema."""
_SHOWN = 5


class Serving:
    """That this process serves the database.

    Attributes:
        beside: the names of the connections of others that served it when this process began.
    """

    beside: tuple[str, ...] = ()

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine.execution_options(isolation_level="READ COMMITTED")
        self._name = name
        self._one = threading.Lock()
        self._own: Connection | None = None

    def begin(self, *, serve: bool) -> None:
        """Bring the schema up, alone if that changes it, and share the lock if `serve`.

        Raises:
            Locked: other processes serve the database, and its schema must be changed; or a command moves it.
            UnfitSchema: see `migrate.is_current`.
            DBAPIError: the database cannot be used.
        """
        with self._engine.connect() as connection:
            unlimited(connection)
            # Of several processes that start at once, one does it, and the others see what it has made.
            self._take_turn(connection)
            try:
                self.beside = self._others(connection)
                self._bring_up(connection)
                if serve:
                    self._own = self._shared()
            finally:
                leave(connection)

    def _take_turn(self, connection: Connection) -> None:
        """Wait for those that look at the schema or upgrade it, up to a limit: one of them may hang."""
        if not _took(connection, "pg_try_advisory_lock", migrate.UPGRADING):
            by = _named(self._others(connection, migrate.UPGRADING))
            log.warning("waiting for another process to bring up the schema: %s", by)
            connection.exec_driver_sql(f"SET lock_timeout = '{LONGEST_UPGRADE}s'")
            try:
                _took(connection, "pg_advisory_lock", migrate.UPGRADING)
            except DBAPIError as error:
                if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
                    raise
                raise Locked(
                    f"Another process has been upgrading the database {self._name} for {LONGEST_UPGRADE} seconds: {by}. "
                    "Look whether it still works; if it hangs, end it. Then start this one again."
                ) from error
            connection.exec_driver_sql("SET lock_timeout = 0")
        connection.commit()

    def join(self, connection: Connection) -> None:
        """Let a new connection work for this process, which takes its lock again if it has lost it.

        Raises:
            Locked: the schema was changed, or everything was moved, since this process has begun.
            DBAPIError: the database cannot be used.
        """
        self._share(connection)
        with self._one:
            if not self._holds():
                self._own = self._shared()

    def end(self) -> None:
        """Let the database go."""
        own, self._own = self._own, None
        if own is not None:
            leave(own)
            own.close()

    def _bring_up(self, connection: Connection) -> None:
        if migrate.is_current(connection) and jobs.are_current(connection):
            return
        if not _took(connection, "pg_try_advisory_lock"):
            raise Locked(
                f"The database {self._name} has the tables of an earlier version, and processes of that version serve it: "
                f"{_named(self._others(connection))}. Stop them all, then run this again, which upgrades it."
            )
        migrate.bring_up(connection)
        connection.commit()
        # Before the next one may look: until then, one that finds the lock taken would take this for a move.
        connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_SERVED})")

    def _shared(self) -> Connection:
        own = self._engine.connect()
        try:
            self._share(own)
        except BaseException:
            own.close()
            raise
        return own

    def _share(self, connection: Connection) -> None:
        if not _took(connection, "pg_try_advisory_lock_shared"):
            raise Locked(
                f"Another process has the database {self._name} for itself: it moves it, or upgrades its schema. Wait until "
                "that has ended, then start this one again."
            )
        stands = migrate.stands(connection)
        connection.commit()
        if stands != migrate.newest():
            raise Locked(
                f"The database {self._name} was upgraded, moved or replaced by an earlier backup since this process has "
                "started. Stop it, and start it again with the version that the others have."
            )

    def _holds(self) -> bool:
        if self._own is None:
            return False
        try:
            self._own.exec_driver_sql("SELECT 1")
            self._own.commit()
        except DBAPIError:
            with contextlib.suppress(DBAPIError):
                self._own.close()
            self._own = None
        return self._own is not None

    @staticmethod
    def _others(connection: Connection, lock: int = _SERVED) -> tuple[str, ...]:
        query = (
            f"SELECT DISTINCT application_name FROM pg_stat_activity WHERE pid IN (SELECT pid FROM {_LOCKS} = {lock}) "  # noqa: S608  constants
            "ORDER BY 1"
        )
        return tuple(str(row[0]) for row in connection.exec_driver_sql(query))


def is_served(connection: Connection) -> bool:
    """Whether a process serves the database, or a command has it for itself."""
    return bool(connection.exec_driver_sql(f"SELECT EXISTS (SELECT FROM {_LOCKS} = {_SERVED})").scalar())  # noqa: S608  constants


def keep_out(connection: Connection) -> bool:
    """Let no process serve the database as long as the connection lasts; False if one does."""
    return _took(connection, "pg_try_advisory_lock")


def leave(connection: Connection) -> None:
    """Give up the locks of a connection that is about to be closed: the server sees its end only some time after us."""
    with contextlib.suppress(DBAPIError):
        connection.rollback()
        connection.exec_driver_sql("SELECT pg_advisory_unlock_all()")
        connection.commit()


def unlimited(connection: Connection) -> None:
    """Let what is done on a connection take as long as it takes."""
    for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
        connection.exec_driver_sql(f"SET {limit} = 0")
    # Which a server may have set for all of its users, from PostgreSQL 17 on.
    connection.exec_driver_sql(
        "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout'"
    )


def _took(connection: Connection, function: str, lock: int = _SERVED) -> bool:
    return bool(connection.exec_driver_sql(f"SELECT {function}({lock})").scalar())


def _named(others: tuple[str, ...]) -> str:
    more = len(others) - _SHOWN
    return ", ".join(others[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
