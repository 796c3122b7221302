"""SQLite, with group commit: many units of work share one transaction, so that a durable write costs little.

A unit is a function of a `Tx`; it may run twice, so it does nothing but read and write the database. Writing units run
on the event loop, some microseconds each: in a thread of their own they would wait for the interpreter's lock at every
statement, and all other callers with them. Waiting for the disk, or for another process's lock, happens in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar, cast

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from trinity_channels.store import migrate, sealed
from trinity_channels.store.batch import Batches, Job
from trinity_channels.store.database import PATIENCE, Store, Unit, result_of
from trinity_channels.store.failures import Locked, StoreError, cannot_be_opened
from trinity_channels.store.sqlite_driver import READING, WRITING, driver_of, in_snapshot
from trinity_channels.store.tx import Compiled, Tx

T = TypeVar("T")

BATCH = 256
"""Units in a batch: the event loop does nothing else while it runs."""
READERS = 4


_COMPILED: dict[int, Compiled] = {}
"""Compiling a statement takes longer than running it; all stores of this process run the same ones on the same dialect."""


class SqliteStore(Store):
    """A file, which one process serves."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = make_url(url)
        if self._url.get_backend_name() != "sqlite" or not self._url.database or self._url.database == ":memory:":
            raise StoreError("TRINITY_CHANNELS_DATABASE_URL must name a SQLite file, such as sqlite:///channels.db")
        self._path = Path(self._url.database)
        self._batches = Batches(self._commit, BATCH)
        self._lock_file: int | None = None
        self._committer: ThreadPoolExecutor | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._local = threading.local()
        self._read_connections: list[Connection] = []
        self._looking: tuple[sqlite3.Connection, Tx] | None = None
        self._on_wake: Callable[[str], None] | None = None

    @property
    def path(self) -> Path:
        """The database file."""
        return self._path

    @property
    def name(self) -> str:
        return str(self._path)

    def exists(self) -> bool:
        return self._path.exists()

    def holds_secrets(self) -> bool:
        return sealed.exist(self._path)

    def on_wake(self, listener: Callable[[str], None]) -> None:
        self._on_wake = listener

    def is_served(self) -> bool:
        try:
            self.claim()
        except Locked:
            return True
        self.release()
        return False

    def open(self, *, serve: bool = True) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if serve:
                self.claim()
            self._engine = create_engine(
                self._url,
                connect_args={"check_same_thread": False, "timeout": PATIENCE},
                poolclass=NullPool,
                hide_parameters=True,
            )
            self._connection = self._connect()
            self._driver = driver_of(self._connection, WRITING)
            self._tx = Tx(self._connection, _COMPILED)
            self._committer = ThreadPoolExecutor(1, thread_name_prefix="store-commit")
            self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        except migrate.UnfitSchema as unfit:
            self.release()
            raise unfit.of(self.name) from None
        except (DBAPIError, OSError) as error:
            self.release()
            raise cannot_be_opened(self._path, error.__cause__ or error) from error

    def _connect(self) -> Connection:
        """The connection that writes, to a database with the current schema."""
        connection = self._engine.connect()
        try:
            # Who may read an application's file is for the application to say.
            if not migrate.is_shared(connection):
                os.chmod(self._path, 0o600)  # noqa: PTH101  a path given by the operator, never followed further
            if not migrate.is_current(connection):
                migrate.upgrade(self._url.render_as_string(hide_password=False))
        except BaseException:
            connection.close()
            raise
        return connection

    async def close(self) -> None:
        readers, self._readers = self._readers, None
        self._lead(leads=False)
        # Writes that were submitted are completed before the host stops.
        await self._batches.finish()
        # Only now: they may have told.
        self._news.stop()
        if self._committer:
            self._committer.shutdown()
            self._committer = None
            self._connection.close()
        if readers:
            readers.shutdown()
            for connection in self._read_connections:
                connection.close()
            self._read_connections.clear()
            self._local = threading.local()
            self._looking = None
            self._engine.dispose()
        self.release()

    async def write(self, unit: Unit[T]) -> T:
        if self._readers is None:
            raise StoreError("The store is closed.")
        job = self._batches.add(unit)
        result: T = await job.future
        if job.told:
            await self._news.settled()
        return result

    async def read(self, unit: Unit[T]) -> T:
        if self._readers is None:
            raise StoreError("The store is closed.")
        try:
            # A reader may wait for the disk, or read for long; a writer never waits for it in WAL mode.
            return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, unit)
        except (sqlite3.OperationalError, OperationalError) as error:
            raise self._unusable(error) from error

    async def lookup(self, unit: Unit[T]) -> T:
        """Run a reading unit that finds a few rows by their indexes: it takes less time than the way to a thread and back.

        It runs on the event loop, so it may be no longer than a unit that writes; errors as `read`.
        """
        if self._readers is None:
            raise StoreError("The store is closed.")
        try:
            return in_snapshot(*self._reader_on_loop(), unit)
        except (sqlite3.OperationalError, OperationalError):  # a thread may wait, and says what is wrong
            return await self.read(unit)

    def stamp(self) -> int | None:
        """A number that every commit changes, also one of another process; None if that cannot be told now.

        It is asked of the memory that all connections share, so that one with nothing to do costs no reading transaction.
        """
        if self._readers is None:
            return None
        try:
            # https://sqlite.org/pragma.html#pragma_data_version
            (found,) = self._reader_on_loop()[0].execute("PRAGMA data_version").fetchone()
        except (sqlite3.OperationalError, OperationalError):
            return None
        return int(found)

    async def empty_log(self) -> bool:
        # What was removed is overwritten in the file alone: in the log, the text that was there before stays readable until
        # later writes happen to come to that place, on a quiet host for weeks.
        if self._readers is None:
            raise StoreError("The store is closed.")
        if self._log_is_empty():
            return True
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, self._empty_log)
        except (sqlite3.OperationalError, OperationalError) as error:
            raise self._unusable(error) from error

    def _log_is_empty(self) -> bool:
        try:
            return self._path.with_name(f"{self._path.name}-wal").stat().st_size == 0
        except OSError:  # there is none, or the database cannot be reached: then SQLite says so
            return False

    def _empty_log(self) -> bool:
        driver, _ = self._reader_here()
        # Not to wait for others; a write that comes meanwhile waits for us in its thread.
        driver.execute("PRAGMA busy_timeout=0")
        try:
            # Allowed on a connection that may only query: https://sqlite.org/pragma.html#pragma_query_only
            (busy, _, _) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            driver.execute(f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}")
        return not busy

    def _read(self, unit: Unit[T]) -> T:
        return in_snapshot(*self._reader_here(), unit)

    def _reader_here(self) -> tuple[sqlite3.Connection, Tx]:
        # One a thread: opening one would cost more than most reads.
        here = getattr(self._local, "reader", None)
        if here is None:
            here = self._local.reader = self._reader()
        return cast("tuple[sqlite3.Connection, Tx]", here)

    def _reader_on_loop(self) -> tuple[sqlite3.Connection, Tx]:
        if self._looking is None:
            # That of the thread, so that there is one less where everything is done on the loop.
            self._looking = self._reader_here()
            self._looking[0].execute("PRAGMA busy_timeout=0")
        return self._looking

    def _reader(self) -> tuple[sqlite3.Connection, Tx]:
        connection = self._engine.connect()
        self._read_connections.append(connection)
        return driver_of(connection, READING), Tx(connection, _COMPILED)

    def claim(self) -> None:
        """Be the one process that serves the file.

        Raises:
            Locked: another process does.
        """
        path = self._path.with_name(self._path.name + ".lock")
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # Given up by the system when the process ends, however it ends; a file with a process id would have
            # to be cleaned up.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise Locked(
                f"Another host serves {self._path}. A SQLite database has one: stop the other one (an application runs "
                "with one worker), give this one its own TRINITY_CHANNELS_HOME, or use PostgreSQL."
            ) from error
        self._lock_file = handle

    def release(self) -> None:
        """Let another process serve the file."""
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    async def _commit(self, batch: list[Job]) -> None:
        loop = asyncio.get_running_loop()
        try:
            await self._begin()
        except Exception as error:  # noqa: BLE001  passed to the waiting caller: the database is locked, or gone
            for job in batch:
                self._fail(job, error)
            return
        try:
            self._run(batch)
            # Only this waits for the disk, and it does so for all of them at once.
            await loop.run_in_executor(self._committer, self._driver.commit)
        except BaseException as error:  # noqa: BLE001  passed to the caller that waits for the unit
            await self._failed(batch, error)
            return
        self._settle(batch)

    async def _failed(self, batch: list[Job], error: BaseException) -> None:
        """Undo a batch, tell whose unit it was, and write the others."""
        interrupted = [job for job in batch if job.error is not None]
        if not interrupted and not isinstance(error, Exception):
            raise error  # no unit's: this task was cancelled
        with contextlib.suppress(DBAPIError, sqlite3.Error):  # else the next transaction says what is wrong
            self._undo()
        for job in interrupted:
            job.settle()
        # Alone in its batch: the error is its own.
        if len(batch) == 1 and not interrupted:
            self._fail(batch[0], error)
            return
        for job in batch:  # one bad unit harms only itself
            if job not in interrupted:
                await self._commit([job])

    def _settle(self, batch: list[Job]) -> None:
        """The batch is on disk."""
        self.commits += 1
        # The callers come first: they go on before the runs begin that they have woken, and know what was told.
        for job in batch:
            if job.told:
                self._news.say(job.told)
            job.settle()
        for key in self._tx.take_woken():
            if self._on_wake:
                self._on_wake(key)

    def _run(self, batch: list[Job]) -> None:
        tx = self._tx
        # By units that were undone.
        tx.take_woken()
        tx.take_told()
        for job in batch:
            try:
                job.result = result_of(job.unit, tx)
            except Exception:
                raise
            except BaseException as error:
                # An interruption need not come again, so the unit is not run again to see whose it was.
                job.error = error
                raise
            if tx.told:
                job.told = tx.take_told()

    def _undo(self) -> None:
        """Leave a transaction that failed: SQLAlchemy and SQLite may both stay in it, and no other could begin."""
        self._connection.rollback()
        if self._driver.in_transaction:
            self._driver.rollback()

    def _fail(self, job: Job, error: BaseException) -> None:
        job.error = error
        if isinstance(error, (sqlite3.OperationalError, OperationalError)):
            job.error = self._unusable(error)
            job.error.__cause__ = error
        job.settle()

    def _unusable(self, error: sqlite3.OperationalError | OperationalError) -> StoreError:
        fault = error.orig if isinstance(error, OperationalError) else error
        why = str(fault)
        # SQLite says "database is locked", which sounds like something to repair.
        if getattr(fault, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            why = f"another program has kept it locked for {PATIENCE} seconds; try again when that has ended"
        return StoreError(f"The database {self._path} cannot be used: {why}")

    async def _begin(self) -> None:
        if self._connection.in_transaction():
            # The last batch had a query that was built for its call: SQLAlchemy began a transaction, of which the driver
            # knows nothing. It ends here, where the driver has none: before the commit, it would undo the batch.
            self._connection.rollback()
        # By the driver: SQLAlchemy's own transaction costs as much as the statements of a message. A deferred one that has
        # read cannot always go on to write: SQLite then refuses at once, whatever the time-out.
        try:
            self._driver.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:  # a command beside us writes
            await asyncio.get_running_loop().run_in_executor(self._committer, self._begin_beside)

    def _begin_beside(self) -> None:
        # Here we may wait, for this runs in the committer's thread.
        if self._driver.in_transaction:  # an interruption left it
            self._driver.rollback()
        self._driver.execute(f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}")
        try:
            self._driver.execute("BEGIN IMMEDIATE")
        finally:
            self._driver.execute("PRAGMA busy_timeout=0")
