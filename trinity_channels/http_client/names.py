"""Looks up the names of servers, so that one that is not answered for holds up no other."""

from __future__ import annotations

import asyncio
import socket

from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

# As long as making a connection may take.
_SECONDS = 5.0
Key = tuple[str, int, socket.AddressFamily]


class Names(ThreadedResolver):
    """The system's resolver with patience of its own, and one lookup of a name at a time.

    Lookups run in a few threads that the whole process shares, and the system gives one up only after half a minute. A
    name server that hangs for one destination would otherwise occupy all of these threads.
    """

    def __init__(self) -> None:
        super().__init__()
        self._running: dict[Key, asyncio.Task[list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name.

        Raises:
            TimeoutError: they were not found in time; the lookup goes on, and the next call waits for it.
            OSError: the name is not known.
        """
        key = (host, port, family)
        lookup = self._running.get(key)
        if lookup is None:
            lookup = self._running[key] = asyncio.create_task(super().resolve(host, port, family))
            lookup.add_done_callback(lambda ended: self._ended(key, ended))
        async with asyncio.timeout(_SECONDS):  # wait_for could lose a cancellation in Python 3.11
            return await asyncio.shield(lookup)

    async def close(self) -> None:
        """Wait for no lookup any longer."""
        for lookup in list(self._running.values()):
            lookup.cancel()

    def _ended(self, key: Key, lookup: asyncio.Task[list[ResolveResult]]) -> None:
        del self._running[key]
        if not lookup.cancelled():
            lookup.exception()  # it may be that all who waited for it have given up
