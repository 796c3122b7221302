"""PostgreSQL, with group commit as on SQLite: a thread writes what waits, in one transaction; a few others read.

Transactions are serialisable: a unit may look and then write as on SQLite, where it is alone. If the database ends one
because of another process, or its connection breaks before the commit, it runs again. Where that happens repeatedly, and
for a long one at once, no other process writes meanwhile: short ones would end it each time.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import psycopg
from sqlalchemy import Connection, create_engine, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from trinity_channels import lease
from trinity_channels.store import migrate, serving, wakes
from trinity_channels.store.batch import Batches, Job
from trinity_channels.store.database import Store, Unit, result_of
from trinity_channels.store.failures import StoreError
from trinity_channels.store.jobs import SCHEMA
from trinity_channels.store.listening import Listening
from trinity_channels.store.news import Subject
from trinity_channels.store.postgres_sessions import Session, Sessions, limits, shown
from trinity_channels.store.serving import Serving
from trinity_channels.store.tables import BINDING
from trinity_channels.store.urls import parsed

T = TypeVar("T")
R = TypeVar("R")

BATCH = 64
"""Units in a transaction: all of them run again if the database ends it."""
READERS = 4
"""Threads that read, each with a connection; another one writes."""
_PAUSES = tuple(min(0.005 * 2**run, 0.5) for run in range(26))
"""Seconds before a unit runs again, at most: ten altogether, in which a server can restart."""
_SIDE_BY_SIDE = 3
"""How often a transaction runs beside those of other processes before it runs alone."""
_SHORT = 0.2
"""Seconds: one that took longer runs alone at once."""
# The first statement: what a transaction sees is of the moment after it, so it is none of what was waited for.
# https://www.postgresql.org/docs/current/sql-lock.html
_BESIDE = f"LOCK TABLE {migrate.VERSION_TABLE} IN ROW SHARE MODE".encode()
_ALONE = f"LOCK TABLE {migrate.VERSION_TABLE} IN EXCLUSIVE MODE".encode()
_GIVEN_UP = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
_UNUSABLE = (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction)
"""The database, not the unit: it is full, starts, stops, or stands in for another that takes what is written."""
_CONNECTED = select(BINDING.c.id).where(BINDING.c.disconnected_at.is_(None)).limit(1)


class PostgresStore(Store):
    """A database of a PostgreSQL server."""

    def __init__(self, url: str) -> None:
        super().__init__()
        try:
            self._url = parsed(url)
        except ValueError as error:
            raise StoreError(f"TRINITY_CHANNELS_DATABASE_URL {error}.") from None
        self._engine = create_engine(
            self._url,
            poolclass=NullPool,
            hide_parameters=True,
            connect_args=limits(self._url),
        )
        self._sessions = Sessions(self._engine, self._join, self._unusable)
        self._listening = Listening(
            self._parameters(),
            self._news,
            self._others_wrote,
            lambda leads: self._lead(leads=leads),
        )
        self._batches = Batches(self._commit, BATCH)
        self._writer: ThreadPoolExecutor | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._serving: Serving | None = None
        self._on_wake: Callable[[str], None] | None = None

    @property
    def name(self) -> str:
        return shown(self._url)

    @property
    def server(self) -> Mapping[str, object]:
        # Each statement is a transaction of its own there. If the server loses the last ones, runs are only repeated.
        parameters = self._parameters()
        own = f"-c search_path={SCHEMA} -c synchronous_commit=off -c default_transaction_isolation=read\\ committed"
        return parameters | {"options": f"{parameters['options']} {own}"}

    def _parameters(self) -> dict[str, object]:
        """What the driver takes to connect."""
        return {**self._engine.dialect.create_connect_args(self._url)[1], **limits(self._url)}

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
        serving = Serving(self._engine, self.name)
        try:
            serving.begin(serve=serve)
        except migrate.UnfitSchema as unfit:
            raise unfit.of(self.name) from None
        except DBAPIError as error:
            raise self._unusable(error.orig or error) from error
        self._serving = serving if serve else None
        self.beside = serving.beside
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")

    def _join(self, connection: Connection) -> None:
        if self._serving:
            self._serving.join(connection)

    @property
    def unheard(self) -> float:
        return self._listening.lost

    def resign(self) -> None:
        self._listening.resign()

    async def listen(self, *, lead: bool = True) -> None:
        try:
            await self._listening.start(lead=lead)
        except psycopg.Error as error:
            raise self._unusable(error) from error

    def _stop_serving(self) -> None:
        ending, self._serving = self._serving, None
        if ending is not None:
            ending.end()

    async def close(self) -> None:
        readers, self._readers = self._readers, None
        await self._listening.stop()
        # Writes that were submitted are completed before the host stops.
        await self._batches.finish()
        # Only now: they may have told.
        self._news.stop()
        writer, self._writer = self._writer, None
        for threads in (readers, writer):
            if threads:
                await asyncio.to_thread(threads.shutdown)
        self._sessions.close()
        self._stop_serving()

    async def write(self, unit: Unit[T]) -> T:
        if self._readers is None:
            raise StoreError("The store is closed.")
        held = lease.current()
        if held and held.lost:  # also if no other run has begun: code of others may have gone on after it was told
            held.check()
        job = self._batches.add(partial(wakes.fenced, held, unit) if held else unit)
        result: T = await job.future
        if job.told:
            await self._news.settled()
        return result

    async def read(self, unit: Unit[T]) -> T:
        if self._readers is None:
            raise StoreError("The store is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, unit, time.monotonic())

    async def lookup(self, unit: Unit[T]) -> T:
        return await self.read(unit)

    async def empty_log(self) -> bool:
        return True

    async def _commit(self, batch: list[Job]) -> None:
        woken = await asyncio.get_running_loop().run_in_executor(self._writer, self._write, batch)
        self.commits += 1
        self._listening.written = True
        # The callers come first: they go on before the runs begin that they have woken, and know what was told.
        for job in batch:
            if job.error is None:
                self._news.say(job.told)
            job.settle()
        for key in woken:
            if self._on_wake:
                self._on_wake(key)

    def _others_wrote(self) -> None:
        self.commits += 1

    def _write(self, batch: list[Job]) -> list[str]:
        """Write units in one transaction, without those that fail; returns the keys that they woke."""
        left, running, runs, longest = list(batch), 0, 0, 0.0

        def run(session: Session) -> list[str]:
            nonlocal running, runs, longest
            running, began = len(left), time.monotonic()
            try:
                session.driver.execute(_ALONE if runs >= _SIDE_BY_SIDE or longest > _SHORT else _BESIDE)
                running = 0
                for job in left:
                    job.result = result_of(job.unit, session.tx)
                    job.told = session.tx.take_told()
                    running += 1
                woken = session.tx.take_woken()
                if woken:
                    wakes.schedule(session.tx, woken)
                self._committed(session, {subject: None for job in left for subject in job.told})
                return woken
            finally:
                runs, longest = runs + 1, max(longest, time.monotonic() - began)

        while left:
            running = len(left)
            try:
                return self._until_it_works(run, left[0].since)
            except BaseException as error:  # noqa: BLE001  passed to the caller that waits for the unit
                if running < len(left):
                    left.pop(running).error = error
                elif len(left) == 1 or isinstance(error, StoreError):
                    for job in left:
                        job.error = error
                    return []
                else:  # something that is only seen in the commit
                    return [key for job in left for key in self._write([job])]
        return []

    def _committed(self, session: Session, told: Iterable[Subject]) -> None:
        try:
            session.commit(told)
        except (psycopg.OperationalError, DBAPIError) as error:
            if session.broken:
                # Not again: it may have been written.
                raise StoreError(
                    f"The connection to the database {self.name} broke during a commit, which may have taken effect."
                ) from error
            raise

    def _read(self, unit: Unit[T], since: float) -> T:
        def run(session: Session) -> T:
            try:
                session.driver.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                return result_of(unit, session.tx)
            finally:
                session.undo()

        return self._until_it_works(run, since)

    def _until_it_works(self, run: Callable[[Session], R], since: float) -> R:
        """Run it, again if the database ended it or the connection broke before anything was committed.

        Args:
            run: what is done with a connection.
            since: when it was asked for, on the monotonic clock: other work may have been before it.
        """
        for pause in (*_PAUSES, None):
            session = None
            try:
                session = self._sessions.here(since)
                result = run(session)
            except (psycopg.Error, DBAPIError) as error:
                fault = error.orig if isinstance(error, DBAPIError) else error
                lost = session is None or session.broken
                self._sessions.leave(session)
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
                    or (lost and self._sessions.waited(since))
                ):
                    raise self._unusable(fault or error) from error
            except BaseException:
                self._sessions.leave(session)
                raise
            else:
                self._sessions.there()
                return result
            time.sleep(random.uniform(0, pause))  # noqa: S311  so that two do not meet again
        raise AssertionError("the last run ends it")

    def _unusable(self, fault: BaseException) -> StoreError:
        return StoreError(f"The database {self.name} cannot be used: {str(fault).strip()}")
