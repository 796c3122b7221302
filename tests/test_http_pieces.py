"""Head and body of an answer are two pieces, and neither waits for the other."""

from __future__ import annotations

import asyncio
import socket

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from trinity_channels.cli import servers
from trinity_channels.http_server import BoundedHttpProtocol


async def test_pieces_of_an_answer_leave_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a connection that is kept, the second one would come 40 ms later."""
    at_once: list[int] = []

    def connection_made(self: BoundedHttpProtocol, transport: asyncio.Transport) -> None:
        made = transport.get_extra_info("socket")
        at_once.append(made.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        begins(self, transport)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("heard")(scope, receive, send)

    begins = BoundedHttpProtocol.connection_made
    monkeypatch.setattr(BoundedHttpProtocol, "connection_made", connection_made)
    with servers.bind("127.0.0.1", 0) as bound:
        async with servers.serving(app, bound):
            reader, writer = await asyncio.open_connection(*bound.getsockname())
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await reader.readuntil(b"heard")
            writer.close()

    assert at_once
    assert all(at_once)
