"""A server that stops waits for no answer that goes on by design."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from trinity_channels.cli import servers


async def test_an_event_stream_does_not_keep_the_server_from_stopping() -> None:
    gone = asyncio.Event()

    async def streams(scope: Scope, receive: Receive, send: Send) -> None:
        async def endless_events() -> AsyncIterator[str]:
            try:
                yield "data: one\n\n"
                await asyncio.Event().wait()
            finally:
                gone.set()

        await StreamingResponse(endless_events(), media_type="text/event-stream")(scope, receive, send)

    with servers.bind("127.0.0.1", 0) as bound:
        async with servers.serving(streams, bound):
            reader, writer = await asyncio.open_connection(*bound.getsockname())
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n")
            await reader.readuntil(b"data: one")
            stopping = asyncio.get_running_loop().time()

    assert asyncio.get_running_loop().time() - stopping < servers.GRACE / 2
    assert gone.is_set()
    writer.close()
