"""A server on loopback whose every connection follows a script, for what no well-behaved server does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Self

from tests.listening import Talk, listening

SECRET = "fake-token-in-the-path"
MEGABYTE = 1_048_576


class Server:
    """Hands each connection to a script, and closes it when that ends."""

    def __init__(self, script: Talk, address: str = "127.0.0.1") -> None:
        self._script = script
        self._address = address
        self._stack = contextlib.AsyncExitStack()
        self.connections = 0

    async def __aenter__(self) -> Self:
        self.port = await self._stack.enter_async_context(listening(self._serve, self._address))
        self.url = f"http://127.0.0.1:{self.port}/bot{SECRET}/send"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await self._script(reader, writer)


def answering(*pieces: bytes) -> Talk:
    """A script that reads the head and writes the pieces."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return script


async def silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers each request with its head and body, as they came."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        body = b""
        lines = head.lower().split(b"\r\n")
        if b"transfer-encoding: chunked" in lines:
            body = await reader.readuntil(b"0\r\n\r\n")
        for line in lines:
            if line.startswith(b"content-length:"):
                body = await reader.readexactly(int(line.partition(b":")[2]))
        came = head + body
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(came) + came)
        await writer.drain()


async def streamed() -> AsyncIterator[bytes]:
    for piece in (b"one", b"two"):
        yield piece
