"""Requests without a proxy: they arrive as httpx would send them, and an error says whether one may have left."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.listening import Talk
from tests.scripted_server import MEGABYTE, SECRET, Server, answering, echo, silent, streamed
from trinity_channels.http_client import open_client


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


async def pausing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")(reader, writer)
    await asyncio.Event().wait()


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
        lambda client, url: client.post(url, content=streamed()),
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
