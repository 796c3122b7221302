"""What one connection may do to the server, and what ordinary clients do with it. Everything is on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from trinity_channels.cli import servers
from trinity_channels.http_server import BoundedHttpProtocol, RequestLimits, server_config

HEAD = b"POST /read HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LIMITS = replace(RequestLimits(), head_seconds=0.3, body_seconds=0.3, closing_seconds=0.3, connections=8)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """`/read` reads the body and tells its size and the headers' number, `/wait` never ends, `/large` answers 30 MB."""
    request = Request(scope, receive)
    if request.url.path == "/wait":
        await asyncio.Event().wait()
    if request.url.path == "/large":
        await PlainTextResponse(b"x" * 30_000_000)(scope, receive, send)
        return
    size = len(await request.body()) if request.url.path == "/read" else 0
    await PlainTextResponse(f"{request.url.path} {size} {len(request.headers)}")(scope, receive, send)


@dataclass
class Server:
    """Where it listens, and its protocol, whose limits a test changes."""

    port: int
    protocol: type[BoundedHttpProtocol]

    async def connects(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def answers(self, *sent: bytes) -> bytes:
        """Everything that comes back on one connection until the server closes it."""
        reader, writer = await self.connects()
        with contextlib.suppress(ConnectionError):
            for piece in sent:
                writer.write(piece)
                await writer.drain()
        answer = await _rest(reader)
        writer.close()
        return answer


async def _rest(reader: asyncio.StreamReader) -> bytes:
    received = bytearray()
    with contextlib.suppress(ConnectionError):  # a server that closes with unread data resets the connection
        while piece := await asyncio.wait_for(reader.read(65_536), 20):
            received += piece
    return bytes(received)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    class Protocol(BoundedHttpProtocol):
        limits = RequestLimits()

    monkeypatch.setattr(servers, "server_config", lambda app, **more: server_config(app, http=Protocol, **more))
    monkeypatch.setattr(servers, "GRACE", 0)
    with servers.bind("127.0.0.1", 0) as bound:
        async with servers.serving(app, bound):
            yield Server(bound.getsockname()[1], Protocol)


def endless(piece: bytes) -> Iterator[bytes]:
    """Four megabytes of it, and how far one gets is what the tests look at."""
    block = piece * (16_384 // len(piece))
    return (block for _ in range(256))


FLOODS = {
    "many small headers": (HEAD, b"a:\r\n"),
    "one header that never ends": (HEAD + b"a: ", b"b"),
    "a header's name that never ends": (HEAD, b"n"),
    "continued header lines": (HEAD + b"a: b\r\n", b"c: " + b"d" * 400 + b"\r\n"),
    "a request line that never ends": (b"GET /", b"a"),
    "a query that never ends": (b"GET /?", b"a=b&"),
    "empty lines before the request": (b"", b"\r\n"),
    "spaces after the method": (b"GET ", b" "),
    "trailers": (CHUNKED + b"1\r\na\r\n0\r\n", b"a:\r\n"),
    "one trailer that never ends": (CHUNKED + b"1\r\na\r\n0\r\na: ", b"b"),
    "chunks of one byte": (CHUNKED, b"1\r\na\r\n"),
    "a chunk extension that never ends": (CHUNKED + b"1;", b"a"),
    "requests without waiting for answers": (b"", b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a body behind an answer": (b"POST /quick HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n", b"a"),
    "noise": (b"", b"\x00\xff"),
}


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_is_cut_off_early(server: Server, name: str) -> None:
    start, piece = FLOODS[name]
    reader, writer = await server.connects()
    taken = 0
    writer.write(start)
    with contextlib.suppress(ConnectionError):
        for block in endless(piece):
            writer.write(block)
            await asyncio.wait_for(writer.drain(), 20)
            taken += len(block)
            await asyncio.sleep(0)
            if reader.at_eof():
                break
    answer = await _rest(reader)
    writer.close()

    status = answer.split(b" ", 2)[1] if answer else b""
    print(f"{name}: cut off after at most {taken} bytes, answer {status.decode() or 'none'}")  # noqa: T201  the figure
    assert taken < 2_500_000  # socket buffers of both sides included; all of it would be 4 MB
    assert status in (b"", b"400", b"414", b"431", b"200")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (HEAD + b"".join(b"x-%d: a\r\n" % one for one in range(100)) + b"\r\n", 431, b"headers_too_large"),
        (HEAD + b"cookie: " + b"c" * 33_000 + b"\r\n\r\n", 431, b"headers_too_large"),
        (HEAD + b"cookie: " + b"c" * 33_000, 431, b"headers_too_large"),
        (b"GET /" + b"a" * 8_192 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, b"address_too_long"),
        (b"GET / HTTP/1.1\r\nHost a\r\n\r\n", 400, b"invalid_request"),
        (CHUNKED + b"z\r\n", 400, b"invalid_request"),
        (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, b"invalid_request"),
    ],
)
async def test_what_is_beyond_a_limit_is_named(server: Server, sent: bytes, status: int, code: bytes) -> None:
    answer = await server.answers(sent)

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close" in answer
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert (told["code"].encode(), told["detail"]) == (code, told["message"])


ACCEPT = b"Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"


@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        ((b"GET /" + b"a" * 8_192 + b" HTTP/1.1\r\nHost: a\r\n" + ACCEPT + b"\r\n",), 414, "This address is too long"),
        ((b"GET /agents?q=" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n" + ACCEPT + b"\r\n",), 414, "too long"),
        ((b"GET / HTTP/1.1\r\nHost: a\r\n" + ACCEPT + b"Cookie: " + b"c" * 33_000 + b"\r\n\r\n",), 431, "cookies"),
        # In pieces, as from another machine.
        ((b"GET / HTTP/1.1\r\nHost: a\r\n" + ACCEPT, b"Cookie: " + b"c" * 33_000, b"\r\n\r\n"), 431, "cookies"),
        ((b"HEAD / HTTP/1.1\r\nHost: a\r\n" + ACCEPT + b"Cookie: " + b"c" * 33_000 + b"\r\n\r\n",), 431, ""),
        ((b"GET /api/agents HTTP/1.1\r\n" + ACCEPT + b"Cookie: " + b"c" * 33_000 + b"\r\n\r\n",), 431, ""),
        ((HEAD + ACCEPT + b"Cookie: " + b"c" * 33_000 + b"\r\n\r\n",), 431, ""),
        ((b"GET / HTTP/1.1\r\nAccept: application/json\r\nCookie: " + b"c" * 33_000 + b"\r\n\r\n",), 431, ""),
        ((b"GET / HTTP/1.1\r\nHost a\r\n" + ACCEPT + b"\r\n",), 400, ""),
    ],
)
async def test_a_person_is_told_on_a_page(server: Server, sent: tuple[bytes, ...], status: int, told: str) -> None:
    answer = await server.answers(*sent)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert (b"content-type: text/html" in head) is bool(told)
    assert told in body.decode()
    assert (b'<a href="/">' in body) is bool(told), "there is a way back"


CLOSE = b"Connection: close\r\n"
ORDINARY = {
    "98 headers": (HEAD + CLOSE + b"".join(b"x-%d: a\r\n" % n for n in range(98)) + b"\r\n", [b"/read 0 100"]),
    "a large cookie": (HEAD + CLOSE + b"cookie: " + b"c" * 30_000 + b"\r\n\r\n", [b"/read 0 3"]),
    "a long address": (b"GET /" + b"a" * 8_190 + b" HTTP/1.1\r\nHost: a\r\n" + CLOSE + b"\r\n", [b" 0 2"]),
    "a large body": (
        HEAD + CLOSE + b"Content-Length: 5000000\r\n\r\n" + b"a" * 5_000_000,
        [b"/read 5000000 3"],
    ),
    "chunks": (
        HEAD + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"a" * 1024 + b"\r\n0\r\n\r\n",
        [b"/read 1024 3"],
    ),
    "a trailer is dropped": (
        HEAD + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nAuthorization: b\r\n\r\n",
        [b"/read 1 3"],
    ),
    "an upgrade that we do not know": (
        b"GET /first HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n",
        [b"/first 0 3"],
    ),
    "HTTP/1.0": (b"GET /old HTTP/1.0\r\nHost: a\r\n\r\n", [b"/old 0 1"]),
    "three at once": (
        b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" + HEAD + b"Content-Length: 2\r\n\r\nab"
        b"GET /3 HTTP/1.1\r\nHost: a\r\n" + CLOSE + b"\r\n",
        [b"/1 0 1", b"/read 2 2", b"/3 0 2"],
    ),
    "an unread body, then another request": (
        b"POST /quick HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + b"a" * 100_000 + HEAD + CLOSE + b"\r\n",
        [b"/quick 0 2", b"/read 0 2"],
    ),
}


@pytest.mark.parametrize("size", [7, 1_000, 10_000_000])
@pytest.mark.parametrize("name", ORDINARY)
async def test_ordinary_requests_are_answered_however_they_are_cut(server: Server, name: str, size: int) -> None:
    sent, expected = ORDINARY[name]
    size = max(size, len(sent) // 4_000)

    answer = await server.answers(*(sent[at : at + size] for at in range(0, len(sent), size)))

    found = [answer.find(one) for one in expected]
    assert -1 not in found, answer[-500:]
    assert found == sorted(found)
    assert answer.count(b"HTTP/1.1 200 OK") == len(expected)


async def test_many_requests_on_one_connection_add_up_to_nothing(server: Server) -> None:
    reader, writer = await server.connects()
    for _ in range(300):
        writer.write(HEAD + b"x: " + b"y" * 500 + b"\r\nContent-Length: 3\r\n\r\nabc")
        assert await reader.readuntil(b"/read 3 3")
    writer.close()


async def test_expect_100_continue_is_answered_before_the_body(server: Server) -> None:
    reader, writer = await server.connects()
    writer.write(HEAD + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    writer.write(b"abc")
    assert await reader.readuntil(b"/read 3 3")
    writer.close()


async def dripping(writer: asyncio.StreamWriter, piece: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("start", "drip", "answer"),
    [
        (b"", b"", b""),
        (b"\r\n", b"", b"HTTP/1.1 408"),
        (b"GET / HTTP/1.1\r\n", b"", b"HTTP/1.1 408"),
        (b"GET / HTTP/1.1\r\na: ", b"b", b"HTTP/1.1 408"),
        (HEAD + b"Content-Length: 99999\r\n\r\n", b"a", b"HTTP/1.1 408"),
        (CHUNKED, b"1\r\na\r\n", b"HTTP/1.1 408"),
        (CHUNKED + b"0\r\n", b"a: b\r\n", b"HTTP/1.1 408"),
        (b"POST /quick HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n", b"a", b"HTTP/1.1 200"),
    ],
)
async def test_a_request_that_takes_too_long_is_cut_off(
    server: Server, start: bytes, drip: bytes, answer: bytes
) -> None:
    server.protocol.limits = LIMITS
    reader, writer = await server.connects()
    writer.write(start)
    drops = asyncio.create_task(dripping(writer, drip))

    received = await _rest(reader)
    writer.close()
    await drops

    assert received.startswith(answer)
    assert received.count(b"HTTP/1.1") == (1 if answer else 0)


async def test_empty_lines_do_not_keep_an_idle_connection(server: Server) -> None:
    server.protocol.limits = LIMITS
    reader, writer = await server.connects()
    writer.write(b"GET /quick HTTP/1.1\r\nHost: a\r\n\r\n")
    await reader.readuntil(b"/quick 0 1")
    drops = asyncio.create_task(dripping(writer, b"\r\n"))

    assert (await _rest(reader)).startswith(b"HTTP/1.1 408")
    writer.close()
    await drops


@pytest.mark.long  # a second in which nothing happens
async def test_an_answer_that_takes_long_is_not_cut_off(server: Server) -> None:
    server.protocol.limits = LIMITS
    reader, writer = await server.connects()
    writer.write(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 1)
    writer.close()


async def test_a_client_that_does_not_read_is_cut_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.protocol.limits = LIMITS
    monkeypatch.setattr("trinity_channels.http_server.CHECK_SECONDS", 0.1)
    lost = asyncio.Event()
    monkeypatch.setattr(server.protocol, "connection_lost", _then(server.protocol.connection_lost, lost.set))
    reader, writer = await server.connects()  # its buffer is full soon, and it is not read

    writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")

    await asyncio.wait_for(lost.wait(), 20)
    assert not reader.at_eof()
    writer.close()


def _then(first: Callable[..., None], afterwards: Callable[[], None]) -> Callable[..., None]:
    def both(*args: Any) -> None:
        first(*args)
        afterwards()

    return both


SLOW: dict[str, bytes] = {
    "silent": b"",
    "in the head": b"GET / HTTP/1.1\r\na: b",
    "in the body": HEAD + b"Content-Length: 99\r\n\r\na",
}


@pytest.mark.parametrize("start", SLOW.values(), ids=SLOW)
async def test_slow_connections_make_room_for_new_ones_and_for_no_request_that_is_answered(
    server: Server, start: bytes
) -> None:
    server.protocol.limits = replace(RequestLimits(), connections=8)
    opened = [await server.connects()]
    opened[0][1].write(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
    for _ in range(20):
        opened.append(await server.connects())
        opened[-1][1].write(start)
        await opened[-1][1].drain()

    answer = await server.answers(HEAD + CLOSE + b"\r\n")

    closed = await asyncio.gather(*(_is_closed(reader) for reader, _ in opened))
    for _, writer in opened:
        writer.close()
    assert b"/read 0 2" in answer
    assert not closed[0]
    assert 13 <= sum(closed) <= 15


async def test_when_every_connection_is_answered_a_new_one_is_refused(server: Server) -> None:
    server.protocol.limits = replace(RequestLimits(), connections=8)
    opened = [await server.connects() for _ in range(8)]
    for _, writer in opened:
        writer.write(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        await writer.drain()
    await asyncio.sleep(0.1)

    answer = await server.answers(HEAD + CLOSE + b"\r\n")

    closed = await asyncio.gather(*(_is_closed(reader) for reader, _ in opened))
    for _, writer in opened:
        writer.close()
    assert (answer, any(closed)) == (b"", False)


async def _is_closed(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(1), 0.05) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


async def test_answers_carry_the_time_at_which_they_were_written(server: Server, clock: FrozenDateTimeFactory) -> None:
    dates = []
    reader, writer = await server.connects()
    for _ in range(2):
        writer.write(b"GET /quick HTTP/1.1\r\nHost: a\r\n\r\n")
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        dates.append(parsedate_to_datetime(head.partition(b"date: ")[2].partition(b"\r\n")[0].decode()))
        clock.tick(timedelta(seconds=90))
    writer.close()

    assert dates[0] == datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=180)
    assert dates[1] - dates[0] == timedelta(seconds=90)
