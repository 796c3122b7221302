"""Answers without a proxy are those that httpx gives; connections are used again as long as nothing is wrong with them."""

from __future__ import annotations

import asyncio
import gzip

import httpx
import pytest

from tests.scripted_server import MEGABYTE, Server, answering, echo, silent, streamed
from trinity_channels.http_client import direct, open_client

ANSWERS = {
    "chunks": b"HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nX-A: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "until the end": b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    "compressed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"words", mtime=0),
    "none": b"HTTP/1.1 204 No Content\r\n\r\n",
    "hints before": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "cookies": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n",
    "Latin-1 in a header": b"HTTP/1.1 429 Gro\xdf\r\nRetry-After: 5\r\nX-Name: caf\xe9\r\nContent-Length: 0\r\n\r\n",
    "a long header": b"HTTP/1.1 200 OK\r\nX-Policy: " + b"x" * 30_000 + b"\r\nContent-Length: 0\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X-Name: 1\r\n" * 200 + b"Content-Length: 0\r\n\r\n",
    "no reason": b"HTTP/1.1 502 \r\nContent-Length: 3\r\n\r\nbad",
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_is_the_one_that_httpx_gives(name: str) -> None:
    async with Server(answering(ANSWERS[name])) as server, open_client() as client, httpx.AsyncClient() as plain:
        ours, theirs = [await one.get(server.url) for one in (client, plain)]

    assert ours.status_code == theirs.status_code
    assert ours.headers.multi_items() == theirs.headers.multi_items()
    assert ours.content == theirs.content


async def test_an_answer_to_a_head_has_no_body() -> None:
    async with Server(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")) as server, open_client() as client:
        assert (await client.head(server.url)).headers["Content-Length"] == "9"


async def test_an_answer_is_read_as_it_arrives_and_given_up_at_any_time() -> None:
    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nfirst")
        await reader.read()  # until the client closes

    async with Server(dripping) as server, open_client() as client:
        for _ in range(2):
            async with client.stream("GET", server.url) as answer, asyncio.timeout(2):
                assert await anext(answer.aiter_bytes()) == b"first"

        assert server.connections == 2


async def test_a_long_body_that_is_not_taken_is_given_up() -> None:
    async with Server(silent) as server, open_client() as client:
        with pytest.raises(httpx.WriteTimeout):
            await client.post(server.url, content=b"x" * (32 * MEGABYTE), timeout=httpx.Timeout(5, write=0.2))


async def test_a_long_body_may_be_refused_before_it_is_taken() -> None:
    async def full(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo ")
        await asyncio.sleep(0.05)
        writer.write(b"large")
        while await reader.read(MEGABYTE):  # or the rest of the request would reset the connection
            pass

    async with Server(full) as server, open_client() as client:
        answer = await client.post(server.url, content=b"x" * (32 * MEGABYTE), timeout=httpx.Timeout(5, write=0.5))

    assert (answer.status_code, answer.text) == (413, "too large")


async def test_a_long_body_may_take_longer_than_one_time_out() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(12):
            await asyncio.sleep(0.03)
            await reader.readexactly(2 * MEGABYTE)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with Server(slow) as server, open_client() as client:
        answer = await client.post(server.url, content=b"x" * (24 * MEGABYTE), timeout=httpx.Timeout(5, write=0.25))

    assert answer.text == "ok"


async def test_a_connection_that_the_server_closes_is_not_used_again() -> None:
    async with Server(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) as server, open_client() as client:
        for _ in range(3):
            assert (await client.post(server.url)).text == "ok"
            await asyncio.sleep(0.01)

        assert server.connections == 3


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
STALE = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale",
    b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n",
]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("stale", STALE)
@pytest.mark.parametrize("content", [b"text", b"x" * MEGABYTE, None])
async def test_what_comes_before_a_request_is_not_its_answer(
    stale: bytes, content: bytes | None, at_once: bool
) -> None:
    heads: list[bytes] = []
    sent = asyncio.Event()

    async def adds(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        if not at_once:
            await writer.drain()
            await asyncio.sleep(0.02)
        writer.write(stale)
        sent.set()
        await reader.read()  # until the client closes

    async with Server(adds) as server, open_client() as client:
        await client.get(server.url)
        await sent.wait()
        for _ in range(5):
            await asyncio.sleep(0)  # what has arrived is read before the loop goes on
        answer = await client.post(server.url, content=streamed() if content is None else content)

        assert (answer.status_code, answer.text) == (200, "ok")
        assert [head[:4] for head in heads] == [b"GET ", b"POST"]


async def test_an_idle_connection_is_given_up_before_servers_close_theirs() -> None:
    assert direct.KEPT_FOR < 5


async def test_first_requests_at_the_same_time_share_their_connections() -> None:
    async with Server(echo) as server, open_client() as client:
        await asyncio.gather(*(client.get(server.url) for _ in range(20)))
        await asyncio.gather(*(client.get(server.url) for _ in range(20)))

        assert server.connections <= 20


async def test_a_cancelled_request_closes_its_connection() -> None:
    closed = asyncio.Event()

    async def waiting(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.read()
        closed.set()

    async with Server(waiting) as server, open_client() as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await client.get(server.url)

        async with asyncio.timeout(2):
            await closed.wait()
