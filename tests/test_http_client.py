"""The client for providers and agents: a server that hangs takes no connections from the others."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, Self

import httpx
import pytest

from tests.listening import listening
from trinity_channels import http_client
from trinity_channels.http_client import destinations, open_client

HANGING = 250
"""Requests that wait for an answer: more than one client would ever have had connections."""


class Server:
    """An HTTP server on loopback that answers, or takes requests and never does."""

    def __init__(self, *, hangs: bool = False) -> None:
        self._hangs = hangs
        self.requests: list[bytes] = []
        self.connections = 0
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.port = await self._stack.enter_async_context(listening(self._serve))
        self.url = f"http://127.0.0.1:{self.port}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            if self._hangs:
                await asyncio.Event().wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()


@contextlib.asynccontextmanager
async def waiting_for(client: httpx.AsyncClient, url: str, requests: int) -> AsyncIterator[list[asyncio.Task[object]]]:
    """While this lasts, requests wait for an answer of a server."""
    tasks: list[asyncio.Task[object]] = [asyncio.create_task(client.get(url)) for _ in range(requests)]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until_connected(server: Server, connections: int) -> None:
    """Wait until a server has that many connections."""
    async with asyncio.timeout(10):
        while server.connections < connections:  # noqa: ASYNC110  the server has no event for it
            await asyncio.sleep(0.01)


async def test_a_server_that_hangs_holds_up_no_other() -> None:
    async with (
        Server(hangs=True) as hanging,
        Server() as other,
        open_client() as client,
        waiting_for(client, hanging.url, HANGING),
    ):
        await until_connected(hanging, http_client.CONNECTIONS)
        began = time.perf_counter()

        answers = await asyncio.gather(*(client.get(other.url) for _ in range(20)))

        assert time.perf_counter() - began < 1
        assert [answer.text for answer in answers] == ["ok"] * 20
        assert hanging.connections == http_client.CONNECTIONS


async def test_a_crowd_of_first_requests_opens_the_connections_once(monkeypatch: pytest.MonkeyPatch) -> None:
    handed_over: list[Any] = []
    loop = asyncio.get_running_loop()
    hand_over = loop.run_in_executor

    def noted(executor: Any, work: Any, *given: Any) -> Any:
        handed_over.append(work)
        return hand_over(executor, work, *given)

    monkeypatch.setattr(loop, "run_in_executor", noted)
    async with Server() as server, open_client() as client:
        given_up = asyncio.create_task(client.get(server.url))
        await asyncio.sleep(0)
        waiting = [asyncio.create_task(client.get(server.url)) for _ in range(20)]
        await asyncio.sleep(0)
        given_up.cancel()
        answers = await asyncio.gather(*waiting)

    assert [answer.text for answer in answers] == ["ok"] * 20
    assert len(handed_over) == 1, "each thread would read the certificates into memory of its own"


async def test_after_connections_could_not_be_opened_the_next_request_opens_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Server() as server, open_client() as client:
        with monkeypatch.context() as broken:
            broken.setattr(destinations, "certificates", _raise_os_error)
            with pytest.raises(OSError, match="no such file"):
                await client.get(server.url)

        answer = await client.get(server.url)

    assert answer.text == "ok"


def _raise_os_error() -> ssl.SSLContext:
    raise OSError("no such file")


class NameServer:
    """In place of the system's: it hangs for some names, as long as the test lasts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: Counter[str] = Counter()
        self.began = threading.Event()
        self.over = threading.Event()
        self._ask = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._answer)

    def _answer(self, asked: str | bytes, *args: Any, **options: Any) -> Any:
        host = asked.decode() if isinstance(asked, bytes) else asked
        self.asked[host] += 1
        if host.startswith("hangs"):
            self.began.set()
            self.over.wait(20)
        if host.startswith("nowhere"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self._ask("localhost", *args, **options)


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NameServer]:
    made = NameServer(monkeypatch)
    yield made
    made.over.set()


async def test_a_name_that_is_not_found_in_time_holds_up_no_other(names: NameServer) -> None:
    async with (
        Server() as other,
        open_client() as client,
        waiting_for(client, "http://hangs.example/", HANGING),
    ):
        assert await asyncio.to_thread(names.began.wait, 10)

        async with asyncio.timeout(2):
            answer = await client.get(f"http://provider.example:{other.port}/")

    assert answer.text == "ok"
    assert names.asked["hangs.example"] == 1


async def test_who_waits_for_a_name_gives_up_and_another_lookup_is_not_begun(names: NameServer) -> None:
    async with open_client() as client:
        for _ in range(3):
            with pytest.raises(httpx.ConnectTimeout):
                await client.get("http://hangs.example/", timeout=0.05)

    assert names.asked["hangs.example"] == 1


async def test_a_name_that_is_not_known_is_a_failed_connection(names: NameServer) -> None:
    async with open_client() as client:
        for _ in range(2):
            with pytest.raises(httpx.ConnectError, match="Name or service not known"):
                await client.get("http://nowhere.example/")

    assert names.asked["nowhere.example"] == 2


async def test_more_turns_get_more_connections_to_one_address() -> None:
    async with (
        Server(hangs=True) as hanging,
        open_client(turns=100) as client,
        waiting_for(client, hanging.url, HANGING),
    ):
        await until_connected(hanging, 200)


async def test_connections_are_used_again() -> None:
    async with Server() as server, open_client() as client:
        for _ in range(5):
            await client.get(server.url)

        assert server.connections == 1


async def test_certificates_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    create = ssl.create_default_context

    def counting(*args: Any, **options: Any) -> ssl.SSLContext:
        read.append(args)
        return create(*args, **options)

    destinations.certificates.cache_clear()
    monkeypatch.setattr(ssl, "create_default_context", counting)
    async with open_client() as client, Server() as one, Server() as two:
        for server in (one, two):
            await client.get(server.url)

    assert len(read) == 1


@pytest.fixture
def no_proxy_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.usefixtures("no_proxy_yet")
@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
async def test_requests_go_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    async with Server() as proxy:
        monkeypatch.setenv(name, f"127.0.0.1:{proxy.port}")
        async with open_client() as client:
            answer = await client.get("http://provider.example/messages")

    assert answer.text == "ok"
    assert proxy.requests[0].startswith(b"GET http://provider.example/messages HTTP/1.1\r\n")


@pytest.mark.usefixtures("no_proxy_yet")
async def test_what_needs_no_proxy_is_reached_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server() as proxy, Server() as direct:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,.internal.example")
        async with open_client() as client:
            await client.get(direct.url)

    assert len(direct.requests) == 1
    assert not proxy.requests


@pytest.mark.usefixtures("no_proxy_yet")
async def test_behind_a_proxy_too_a_server_that_hangs_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server(hangs=True) as proxy, Server() as direct:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        async with open_client() as client, waiting_for(client, "http://hangs.example/", HANGING):
            await until_connected(proxy, http_client.CONNECTIONS)

            async with asyncio.timeout(1):
                assert (await client.get(direct.url)).text == "ok"


@pytest.mark.usefixtures("no_proxy_yet")
def test_a_proxy_that_cannot_be_used_is_found_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://127.0.0.1:1")

    with pytest.raises(ValueError, match="gopher"):
        open_client()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"headers": {"user-agent": "Pigeon", "X-More": "1"}},
        {"headers": [("Accept", "a"), ("accept", "b")]},
        {"headers": httpx.Headers({"Host": "pigeon.example"}), "params": {"q": "ü &"}},
        {"data": {"To": "+1 999", "Body": "ü"}, "cookies": {"one": "1"}},
        {"json": {"text": "hello"}, "timeout": None},
        {"content": b"text", "timeout": httpx.Timeout(3.0, connect=1.0)},
        {"files": {"file": b"text"}, "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        {"extensions": {"timeout": {"read": 1.0}, "sni_hostname": "pigeon.example"}},
    ],
)
async def test_requests_are_built_as_httpx_builds_them(options: dict[str, Any]) -> None:
    address = "https://user:word@example.org/a%20b?c=d"
    async with httpx.AsyncClient(timeout=http_client.TIMEOUTS) as plain, open_client() as client:
        ours, theirs = (one.build_request("POST", address, **options) for one in (client, plain))

    assert (ours.method, ours.url, ours.headers.raw, ours.extensions, ours.read()) == (
        theirs.method,
        theirs.url,
        theirs.headers.raw,
        theirs.extensions,
        theirs.read(),
    )
