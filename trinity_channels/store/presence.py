"""That a process runs work of a PostgreSQL database: a lock that the server gives up at once when the process dies."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import psycopg

_WORKING = 0x7472_6A77
_TRY_ALONE = f"SELECT pg_try_advisory_lock({_WORKING})".encode()
_NO_LONGER_ALONE = f"SELECT pg_advisory_unlock({_WORKING})".encode()
_BESIDE = f"SELECT pg_advisory_lock_shared({_WORKING})".encode()


class Presence:
    """The lock of this process, on a connection of its own: shared by all that work."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        """`parameters` are the driver's."""
        self._parameters = parameters
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def begin(self) -> bool:
        """Take the lock; returns whether no other process works. Then none begins to until `beside`.

        Raises:
            psycopg.Error: the database cannot be used.
        """
        connection = self._connection = await psycopg.AsyncConnection.connect(**self._parameters, autocommit=True)
        row = await (await connection.execute(_TRY_ALONE)).fetchone()
        alone = bool(row and row[0])
        await connection.execute(_BESIDE)
        return alone

    async def beside(self) -> None:
        """Let other processes begin to work. Errors as `begin`."""
        if self._connection:
            await self._connection.execute(_NO_LONGER_ALONE)

    async def keep(self) -> None:
        """Have the lock, also after the connection broke. Errors as `begin`."""
        try:
            if self._connection and not self._connection.closed:
                await self._connection.execute("SELECT 1")
                return
        except psycopg.Error:
            await self.end()
        if await self.begin():
            await self.beside()

    async def end(self) -> None:
        """Give it up."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with contextlib.suppress(psycopg.Error):  # the server sees the end of the connection only some time after us
            await connection.execute("SELECT pg_advisory_unlock_all()")
        await connection.close()
