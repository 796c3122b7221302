"""A connection to PostgreSQL on which a process hears what others tell, and holds the lock of the one that leads.

The lock goes with the connection: with its process, with the network between, or when the process is paused for so long that
the server ends the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

import psycopg

from trinity_channels.store.news import News, Subject
from trinity_channels.store.waiting import Connection

_LEADING = 0x7472_696C
"""The lock of the process that leads."""
CHANNEL = "trinity_channels"
"""The name under which PostgreSQL passes it on."""
_WRITTEN = "written"
"""What is said of anything else that was committed: in a beat, for all of it, so that no commit waits for another."""
BEAT = 1.0
"""Seconds between two looks whether the connection still works: one that the network has lost brings nothing, in silence."""
PATIENCE = 3.0
"""Seconds that the server has to answer one."""
LET_GO = 6
"""Seconds after which the server ends a connection that was not heard of: its process is paused, or out of reach."""
_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before another attempt to connect; the last one counts for all later ones."""

_Connection = Connection[tuple[Any, ...]]


class Listening:
    """Keeps the connection, and makes another one when it breaks; what was told in between counts as everything.

    Attributes:
        written: whether this process has committed something that the others have not heard of yet.
    """

    written = False

    def __init__(
        self,
        parameters: Mapping[str, Any],
        news: News,
        others_wrote: Callable[[], None],
        lead: Callable[[bool], None],
    ) -> None:
        """Take what is called.

        Args:
            parameters: the driver's.
            news: hears what is told.
            others_wrote: called when another process has committed something.
            lead: called with whether this process leads, perhaps again with the same.
        """
        self._parameters = parameters
        self._news = news
        self._others_wrote = others_wrote
        self._lead = lead
        self._leads = False
        self._may_lead = False
        self._task: asyncio.Task[None] | None = None
        self._connection: _Connection | None = None
        self._lost_at: float | None = None

    @property
    def lost(self) -> float:
        """Seconds since the connection was last there; 0 while it is."""
        return 0 if self._lost_at is None else time.monotonic() - self._lost_at

    async def start(self, *, lead: bool) -> None:
        """Listen, and lead if that is wanted and no other process does; returns once the server knows.

        Raises:
            psycopg.Error: it cannot be reached.
        """
        self._may_lead, self._lost_at = lead, None
        self._connection = await self._connected()
        self._task = asyncio.create_task(self._listen(self._connection), name="listen to news")

    def resign(self) -> None:
        """Lead no more; another process may from the next beat on."""
        self._may_lead = False

    async def stop(self) -> None:
        """Hear nothing more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._set_leads(leads=False)
        if self._connection is not None:
            # A task that is cancelled before its first line has closed nothing: the server would go on seeing a leader.
            await self._connection.close()
            self._connection = None

    async def _listen(self, connection: _Connection) -> None:
        while True:
            try:
                await self._hear(connection)
            except (psycopg.Error, OSError):
                self._set_leads(leads=False)
            finally:
                await connection.close()
            self._lost_at = time.monotonic()
            connection = await self._again()
            self._lost_at = None
            self._others_wrote()
            self._news.everything()

    async def _again(self) -> _Connection:
        failed = 0
        while True:
            try:
                return await self._connected()
            except (psycopg.Error, OSError):
                await asyncio.sleep(_PAUSES[min(failed, len(_PAUSES) - 1)])
                failed += 1

    async def _connected(self) -> _Connection:
        connection = await _Connection.connect(**self._parameters, autocommit=True)
        try:
            await _asked(connection, f"SET idle_session_timeout = '{LET_GO}s'")
            await _asked(connection, f"LISTEN {CHANNEL}")
            await self._look(connection)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _hear(self, connection: _Connection) -> None:
        """Pass on what comes, until the connection breaks.

        Raises:
            psycopg.Error: it has broken.
        """
        while True:
            # Not by the driver's own time-out, which goes by the clock that tests stop.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT):
                    async for one in connection.notifies():
                        if one.pid != connection.info.backend_pid:
                            self._heard(one.payload)
            if self.written:
                self.written = False
                await _asked(connection, f"SELECT pg_notify('{CHANNEL}', '{_WRITTEN}')")
            await self._look(connection)

    async def _look(self, connection: _Connection) -> None:
        """See whether the connection works, and whether this process can lead now, if it may."""
        if self._leads is self._may_lead:
            await _asked(connection, "SELECT 1")
        elif self._may_lead:
            took = await _asked(connection, f"SELECT pg_try_advisory_lock({_LEADING})")
            self._set_leads(leads=took is True)
        else:
            self._set_leads(leads=False)
            await _asked(connection, f"SELECT pg_advisory_unlock({_LEADING})")

    def _set_leads(self, *, leads: bool) -> None:
        self._leads = leads
        self._lead(leads)

    def _heard(self, said: str) -> None:
        if said == _WRITTEN:
            self._others_wrote()
            return
        # Another version may tell of what this one does not keep.
        with contextlib.suppress(ValueError):
            self._news.say((Subject(said),))


async def _asked(connection: _Connection, statement: str) -> object:
    """The value that a statement gives, if it gives one.

    Raises:
        psycopg.Error: the connection has broken, or the server did not answer in time.
    """
    asking = asyncio.create_task(_fetched(connection, statement))
    try:
        await asyncio.wait({asking}, timeout=PATIENCE)
    finally:
        if not asking.done():
            _shut(connection)
            await asyncio.wait({asking})
    return await asking


def _shut(connection: _Connection) -> None:
    """End what waits for the server as if the server had ended it: cancelled, the driver would wait for it again."""
    with socket.socket(fileno=os.dup(connection.fileno())) as there, contextlib.suppress(OSError):
        there.shutdown(socket.SHUT_RDWR)


async def _fetched(connection: _Connection, statement: str) -> object:
    cursor = await connection.execute(statement.encode())
    row = await cursor.fetchone() if cursor.description else None
    return row[0] if row else None
