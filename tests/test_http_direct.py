"""Requests without a proxy: they arrive as httpx would send them, and an error says whether one may have left."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self

import httpx
import pytest

from tests.listening import Talk, listening
from trinity_channels.http_client import direct, open_client

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


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


async def pausing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")(reader, writer)
    await asyncio.Event().wait()


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


ONCE = httpx.Timeout(5, read=0.2, write=0.2)
BROKEN: dict[str, tuple[Talk, type[httpx.TransportError]]] = {
    "closed after the request": (answering(), httpx.RemoteProtocolError),
    "reset after the request": (resetting, httpx.ReadError),
    "silent": (silent, httpx.ReadTimeout),
    "cut in the status line": (answering(b"HTTP/1.1 20"), httpx.RemoteProtocolError),
    "cut in the head": (answering(b"HTTP/1.1 200 OK\r\nContent-Le"), httpx.RemoteProtocolError),
    "cut in the body": (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"), httpx.RemoteProtocolError),
    "silent in the body": (pausing, httpx.ReadTimeout),
    "cut in a chunk": (
        answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok"),
        httpx.RemoteProtocolError,
    ),
    "not HTTP": (answering(b"SSH-2.0-OpenSSH_9.6\r\n"), httpx.RemoteProtocolError),
    "a chunk of no size": (
        answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nok\r\n"),
        httpx.RemoteProtocolError,
    ),
    "a length that is not a number": (
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
        httpx.RemoteProtocolError,
    ),
    "a head without end": (answering(b"HTTP/1.1 200 OK\r\n", *[b"X: " + b"y" * 4000] * 500), httpx.RemoteProtocolError),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_may_have_been_taken_is_no_failed_connection(name: str) -> None:
    script, expected = BROKEN[name]
    async with Server(script) as server, open_client() as client:
        with pytest.raises(httpx.TransportError) as caught:
            await client.post(server.url, data={"text": "hello"}, timeout=ONCE)

    assert type(caught.value) is expected
    assert caught.value.request.method == "POST"


async def test_a_post_is_never_repeated() -> None:
    async with Server(answering()) as server, open_client() as client:
        for _ in range(3):
            with pytest.raises(httpx.RemoteProtocolError):
                await client.post(server.url, data={"text": "hello"})

        assert server.connections == 3


async def refused(client: httpx.AsyncClient) -> None:
    with socket.socket() as bound:  # bound, and not listening
        bound.bind(("127.0.0.1", 0))
        await client.post(f"http://127.0.0.1:{bound.getsockname()[1]}/bot{SECRET}", data={"text": "hello"})


async def not_tls(client: httpx.AsyncClient) -> None:
    async def no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with Server(no_tls) as server:
        await client.post(server.url.replace("http:", "https:"))


async def no_connection_free(client: httpx.AsyncClient) -> None:
    async with Server(silent) as server:
        holding = [asyncio.create_task(client.get(server.url)) for _ in range(128)]
        async with asyncio.timeout(10):
            while server.connections < 128:  # noqa: ASYNC110  the server has no event for it
                await asyncio.sleep(0.01)
        try:
            await client.post(server.url, timeout=httpx.Timeout(5, connect=0.05, pool=0.05))
        finally:
            for task in holding:
                task.cancel()
            await asyncio.gather(*holding, return_exceptions=True)


async def header_of_two_lines(client: httpx.AsyncClient) -> None:
    async with Server(echo) as server:
        await client.post(server.url, headers={"X-Name": "one\r\nX-Other: two"})


async def header_of_no_text(client: httpx.AsyncClient) -> None:
    async with Server(echo) as server:
        await client.post(server.url, headers={b"X-Name": b"\xff"})


async def another_scheme(client: httpx.AsyncClient) -> None:
    await client.post(f"ftp://127.0.0.1/{SECRET}")


NEVER_LEFT: list[tuple[Callable[[httpx.AsyncClient], Awaitable[None]], type[httpx.TransportError]]] = [
    (refused, httpx.ConnectError),
    (not_tls, httpx.ConnectError),
    (no_connection_free, httpx.ConnectTimeout),
    (header_of_two_lines, httpx.LocalProtocolError),
    (header_of_no_text, httpx.LocalProtocolError),
    (another_scheme, httpx.UnsupportedProtocol),
]


@pytest.mark.parametrize(("attempt", "expected"), NEVER_LEFT)
async def test_what_never_left_says_so(
    attempt: Callable[[httpx.AsyncClient], Awaitable[None]], expected: type[httpx.TransportError]
) -> None:
    async with open_client() as client:
        with pytest.raises(httpx.TransportError) as caught:
            await attempt(client)

    assert type(caught.value) is expected


@pytest.mark.parametrize("script", [answering(), silent, answering(b"no HTTP\r\n\r\n"), resetting])
async def test_an_error_does_not_hold_the_address(script: Talk) -> None:
    async with Server(script) as server, open_client() as client:
        with pytest.raises(httpx.TransportError) as caught:
            await client.post(server.url, timeout=ONCE)

    error: BaseException | None = caught.value
    while error:
        assert SECRET not in str(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@pytest.mark.parametrize(
    "send",
    [
        lambda client, url: client.post(url, data={"Body": "a b", "To": "whatsapp:+1"}, auth=("fake", "secret")),
        lambda client, url: client.post(url, json={"text": "ä"}),
        lambda client, url: client.post(url),
        lambda client, url: client.post(url, content=b"x", headers={"Content-Type": "", "Accept": "text/plain"}),
        lambda client, url: client.get(url, params={"q": "a b&c/ä", "r": ["1", "2"]}),
        lambda client, url: client.get(url.replace("http://", "http://fake:se%20cret@")),
        lambda client, url: client.get(url + "/%2e%2f//a%20b;c=d?x=%2B+~'#fragment"),
        lambda client, url: client.patch(url, headers=[("X-One", "1"), ("X-One", "2"), ("Host", "other")]),
        lambda client, url: client.put(url, content=b"y" * (3 * MEGABYTE)),
        lambda client, url: client.post(url, files={"file": ("a.txt", b"z" * 100_000)}, data={"caption": "a"}),
        lambda client, url: client.post(url, content=_stream()),
    ],
)
async def test_a_request_arrives_as_httpx_sends_it(
    send: Callable[[httpx.AsyncClient, str], Awaitable[httpx.Response]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.urandom", lambda size: b"\1" * size)  # the boundary of a form with files
    async with Server(echo) as server, open_client() as client, httpx.AsyncClient() as plain:
        ours, theirs = [_came(await send(one, server.url)) for one in (client, plain)]

    assert ours == theirs


def _came(answer: httpx.Response) -> tuple[bytes, list[bytes], bytes]:
    """Request line, headers in any order, and the body."""
    head, _, body = answer.content.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    if b"Transfer-Encoding: chunked" in fields:
        body = b"".join(body.split(b"\r\n")[1::2])
    return line, sorted(fields), body


async def _stream() -> AsyncIterator[bytes]:
    for piece in (b"one", b"two"):
        yield piece


async def test_a_cookie_of_one_request_is_not_sent_with_the_next() -> None:
    async def setting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: session=fake\r\nContent-Length: 0\r\n\r\n")
        await echo(reader, writer)

    async with Server(setting) as server, open_client() as client:
        assert (await client.get(server.url)).cookies["session"] == "fake"
        assert "Cookie" not in (await client.get(server.url)).text
        assert "\r\nCookie: mine=1\r\n" in (await client.get(server.url, headers={"Cookie": "mine=1"})).text
        assert not client.cookies
        with pytest.raises(AttributeError, match="keeps no cookies"):
            client.cookies = {"session": "fake"}


async def test_requests_to_one_address_may_differ_in_all_else() -> None:
    async with Server(echo) as server, open_client() as client:
        first = await client.get(server.url, params={"page": "1"})
        second = await client.get(server.url, params={"page": "2"})
        third = await client.get(server.url)

    lines = [answer.text.partition(" HTTP")[0].rpartition("/")[2] for answer in (first, second, third)]
    assert lines == ["send?page=1", "send?page=2", "send"]


class _Hidden(httpx.URL):
    """As a plugin may hide a token from logs."""

    def __str__(self) -> str:
        return "http://hidden.example/"


async def test_an_address_that_does_not_show_itself_is_the_one_that_is_called() -> None:
    async with Server(echo) as server, open_client() as client:
        request = client.build_request("GET", server.url)
        request.url = _Hidden(request.url)
        answer = await client.send(request)

    assert answer.text.startswith(f"GET /bot{SECRET}/send HTTP/1.1\r\n")


async def test_an_address_of_ip_version_6() -> None:
    async with Server(echo, "::1") as server, open_client() as client:
        assert f"\r\nHost: [::1]:{server.port}\r\n" in (await client.get(f"http://[::1]:{server.port}/")).text


async def test_a_delete_says_that_it_has_no_body() -> None:
    async with Server(echo) as server, open_client() as client:
        assert "\r\nContent-Length: 0\r\n" in (await client.delete(server.url)).text


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

    async def adds(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        if not at_once:
            await writer.drain()
            await asyncio.sleep(0.02)
        writer.write(stale)
        await reader.read()  # until the client closes

    async with Server(adds) as server, open_client() as client:
        await client.get(server.url)
        await asyncio.sleep(0.06)
        answer = await client.post(server.url, content=_stream() if content is None else content)

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
