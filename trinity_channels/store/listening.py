"""Hears over PostgreSQL what the processes of a host tell each other, on a connection of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import psycopg

from trinity_channels.store.news import News, Subject

CHANNEL = "trinity_channels"
"""The name under which PostgreSQL passes it on."""
BEAT = 2.0
"""Seconds between two looks whether the connection still works: one that the network has lost brings nothing, in silence."""
PATIENCE = 3.0
"""Seconds that the server has to answer one."""
LET_GO = 6
"""Seconds after which the server ends a connection that was not heard of: its process is paused, or out of reach."""
_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before another attempt to connect; the last one counts for all later ones."""

_Connection = psycopg.AsyncConnection[Any]


class Listening:
    """Keeps the connection, and makes another one when it breaks; what was told in between counts as everything."""

    def __init__(self, parameters: Mapping[str, Any], news: News) -> None:
        """`parameters` are the driver's."""
        self._parameters = parameters
        self._news = news
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; returns once the server knows.

        Raises:
            psycopg.Error, TimeoutError: it cannot be reached.
        """
        connection = await self._connected()
        self._task = asyncio.create_task(self._listen(connection), name="listen to news")

    async def stop(self) -> None:
        """Hear nothing more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _listen(self, connection: _Connection) -> None:
        while True:
            with contextlib.suppress(psycopg.Error, TimeoutError):
                async with connection:
                    await self._hear(connection)
            connection = await self._again()
            self._news.everything()

    async def _again(self) -> _Connection:
        failed = 0
        while True:
            try:
                return await self._connected()
            except (psycopg.Error, TimeoutError):
                await asyncio.sleep(_PAUSES[min(failed, len(_PAUSES) - 1)])
                failed += 1

    async def _connected(self) -> _Connection:
        connection = await _Connection.connect(**self._parameters, autocommit=True)
        try:
            async with asyncio.timeout(PATIENCE):
                await connection.execute(f"SET idle_session_timeout = '{LET_GO}s'".encode())
                await connection.execute(f"LISTEN {CHANNEL}".encode())
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _hear(self, connection: _Connection) -> None:
        """Pass on what comes, until the connection breaks.

        Raises:
            psycopg.Error, TimeoutError: it has broken.
        """
        while True:
            async for one in connection.notifies(timeout=BEAT):
                self._heard(one.payload)
            async with asyncio.timeout(PATIENCE):
                await connection.execute("SELECT 1")

    def _heard(self, said: str) -> None:
        # Another version may tell of what this one does not keep.
        with contextlib.suppress(ValueError):
            self._news.say((Subject(said),))
