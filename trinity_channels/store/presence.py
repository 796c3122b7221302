"""That a process runs work of a PostgreSQL database: a lock that the server gives up at once when the process dies."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import psycopg

from trinity_channels.store.waiting import Connection

_WORKING = 0x7472_6A77
# All share it, and it is never waited for: a process that hangs holds up neither the start nor the heartbeats of another.
_SHARE = f"SELECT pg_try_advisory_lock_shared({_WORKING})".encode()
_OTHERS = (
    "SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objsubid = 1 AND granted "  # noqa: S608  constants
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    f"AND objid = {_WORKING} AND pid <> pg_backend_pid()), "
    "EXTRACT(EPOCH FROM clock_timestamp() - pg_postmaster_start_time())::float8"
).encode()


class Presence:
    """The lock of this process, on a connection of its own: shared by all that work."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        """`parameters` are the driver's."""
        self._parameters = parameters
        self._connection: Connection[tuple[Any, ...]] | None = None
        self._shares = False

    async def begin(self) -> bool:
        """Share the lock; False if someone has it alone, which no process of this version does: `keep` tries again.

        Raises:
            psycopg.Error: the database cannot be used.
        """
        self._connection = await Connection.connect(**self._parameters, autocommit=True)
        return await self._share(self._connection)

    async def others(self) -> tuple[int, float]:
        """How many other processes work, and for how many seconds the server has run. Errors as `begin`.

        After the server was started, those that live may not have come back yet.
        """
        if self._connection is None:
            raise psycopg.OperationalError("the connection was lost")
        row = await (await self._connection.execute(_OTHERS)).fetchone()
        assert row  # noqa: S101  it is one of constants
        return int(row[0]) if self._shares else max(1, int(row[0])), float(row[1])

    async def keep(self) -> int:
        """Have the lock, also after the connection broke. Result as the first of `others`, errors as `begin`."""
        try:
            if self._connection and not self._connection.closed:
                if not self._shares:
                    await self._share(self._connection)
                return (await self.others())[0]
        except psycopg.Error:
            await self.end()
        await self.begin()
        return (await self.others())[0]

    async def _share(self, connection: Connection[tuple[Any, ...]]) -> bool:
        row = await (await connection.execute(_SHARE)).fetchone()
        self._shares = bool(row and row[0])
        return self._shares

    async def end(self) -> None:
        """Give it up."""
        connection, self._connection = self._connection, None
        self._shares = False
        if connection is None:
            return
        with contextlib.suppress(psycopg.Error):  # the server sees the end of the connection only some time after us
            await connection.execute("SELECT pg_advisory_unlock_all()")
        await connection.close()
