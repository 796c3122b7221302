"""Servers on loopback that a test makes of a function, and that leave no connection behind."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(talk: Talk, address: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Let `talk` answer each connection to a port while this lasts; a connection ends with it.

    Closing a server leaves its connections open, and their sockets to the garbage collector. So every connection is ended
    here, and waited for.
    """
    writers: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task: asyncio.Task[None] | None = asyncio.current_task()
        assert task
        writers[writer] = task
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await talk(reader, writer)  # until the client has gone, or the test is over
        writer.close()

    # With asyncio's backlog of 100, a crowd that connects at once waits a second for the system to try again.
    server = await asyncio.start_server(answer, address, 0, ssl=tls, backlog=1000)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await _rounds()  # what was accepted a moment ago is handed to `answer` in the next rounds
        for writer, task in writers.items():
            task.cancel()
            # One that sent its rest after it was closed, and has ended, has no loop any more; asyncio asks for it.
            with contextlib.suppress(AttributeError):
                writer.transport.abort()
        await asyncio.gather(*writers.values(), *(one.wait_closed() for one in writers), return_exceptions=True)
        await _rounds()  # a handshake that failed is over in the next rounds; `talk` never knew of it
        await server.wait_closed()


async def _rounds() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
