"""No answer of a server can fill the host's memory: read as a whole it has a limit, for all bindings and agents alike."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib

import httpx
import pytest

from tests.listening import Talk
from tests.scripted_server import MEGABYTE, Server, answering
from trinity_channels.http_client import open_client
from trinity_channels.http_client.answer import LARGEST

OK = b"HTTP/1.1 200 OK\r\n"
MOST = b"x" * LARGEST
ONE_TOO_MANY = MOST + b"x"


def whole(body: bytes, *headers: bytes) -> Talk:
    length = b"Content-Length: %d" % len(body)
    return answering(OK + b"\r\n".join((length, *headers)) + b"\r\n\r\n", body)


def chunked(body: bytes) -> Talk:
    pieces = [body[begin : begin + MEGABYTE] for begin in range(0, len(body), MEGABYTE)]
    written = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return answering(OK + b"Transfer-Encoding: chunked\r\n\r\n", written, b"0\r\n\r\n")


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK + b"\r\n")
    while True:
        writer.write(b"x" * MEGABYTE)
        await writer.drain()


BOMB = gzip.compress(bytes(200 * MEGABYTE), 9, mtime=0)
TOO_LONG = {
    "with its length": whole(ONE_TOO_MANY),
    "in chunks": chunked(ONE_TOO_MANY),
    "until the end": answering(OK + b"\r\n", ONE_TOO_MANY),
    "without an end": endless,
    "of an error": answering(b"HTTP/1.1 500 Oh\r\n\r\n", ONE_TOO_MANY),
    "compressed with gzip": whole(gzip.compress(ONE_TOO_MANY), b"Content-Encoding: gzip"),
    "compressed with deflate": whole(zlib.compress(ONE_TOO_MANY), b"Content-Encoding: deflate"),
    "compressed to a bomb": whole(BOMB, b"Content-Encoding: gzip"),
    "compressed twice": whole(gzip.compress(BOMB), b"Content-Encoding: gzip, gzip"),
    "compressed twice, in two headers": whole(
        gzip.compress(BOMB), b"Content-Encoding: gzip", b"Content-Encoding: gzip"
    ),
}


@pytest.mark.parametrize("name", TOO_LONG)
async def test_an_answer_that_is_too_long_cannot_be_read(name: str) -> None:
    async with Server(TOO_LONG[name]) as server, open_client() as client:
        with pytest.raises(httpx.RemoteProtocolError, match="The answer is") as failure:
            await client.post(server.url)

    assert server.url not in str(failure.value)


async def test_a_bomb_takes_little_memory() -> None:
    async with (
        Server(whole(BOMB, b"Content-Encoding: gzip")) as server,
        Server(whole(b"ok")) as other,
        open_client() as client,
    ):
        await client.get(other.url)  # imports are not counted
        tracemalloc.start()
        try:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(server.url)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert most < 6 * LARGEST


@pytest.mark.parametrize("script", [whole(MOST), chunked(MOST), whole(gzip.compress(MOST), b"Content-Encoding: gzip")])
async def test_one_at_the_limit_is_read(script: Talk) -> None:
    async with Server(script) as server, open_client() as client:
        assert (await client.get(server.url)).content == MOST


async def test_the_connection_of_one_that_is_too_long_is_not_used_again() -> None:
    async with Server(endless) as server, open_client() as client:
        for _ in range(2):
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(server.url)

        assert server.connections == 2


async def test_a_redirect_that_is_followed_has_the_same_limit() -> None:
    redirect = answering(b"HTTP/1.1 302 Found\r\nLocation: /next\r\n\r\n", ONE_TOO_MANY)
    async with Server(redirect) as server, open_client() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(server.url, follow_redirects=True)


async def test_a_streamed_answer_is_its_readers_affair() -> None:
    read = 0
    async with Server(endless) as server, open_client() as client, client.stream("GET", server.url) as answer:
        async for piece in answer.aiter_bytes():
            read += len(piece)
            if read > 2 * LARGEST:
                break

    assert read > 2 * LARGEST


async def test_answers_through_a_proxy_have_the_same_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server(endless) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        async with open_client() as client:
            with pytest.raises(httpx.RemoteProtocolError, match="longer than"):
                await client.get("http://provider.example/messages")
