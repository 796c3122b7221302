"""A simulator behind a real loopback socket, for what only a connection shows: cuts, time-outs, official clients."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

Serve = Callable[[Callable[[str], ASGIApp]], AbstractAsyncContextManager[str]]
"""The type of `served`."""


class _Server(uvicorn.Server):
    """Tells when it listens, so that tests need not poll, and ends at once, where uvicorn takes a fifth of a second."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(uvicorn.Config(app, log_level="critical", ws="websockets-sansio", lifespan="off"))
        self.listening = asyncio.Event()
        self.ending = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def main_loop(self) -> None:
        await self.ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in (*self.servers, *(sockets or ())):
            server.close()
        await _rounds()  # what was accepted a moment ago is a connection in the next ones
        for connection in [*self.server_state.connections]:
            connection.shutdown()
        await _rounds()
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)


async def _rounds() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@asynccontextmanager
async def served(make: Callable[[str], ASGIApp]) -> AsyncIterator[str]:
    """Serve an application until the block ends.

    Args:
        make: makes the application, given the address that it will have.

    Yields:
        The address, without a slash at the end.
    """
    # Bound before the application is made, which needs its own address.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = _Server(make(base_url))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await server.listening.wait()
        try:
            yield base_url
        finally:
            server.ending.set()
            await task
