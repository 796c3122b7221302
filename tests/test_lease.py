"""Requests of a run whose process may have been taken for dead are not made."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import httpx
import pytest

from tests.scripted_server import Server, echo
from trinity_channels import lease
from trinity_channels.api import Context
from trinity_channels.api.http import ask
from trinity_channels.http_client import open_client, proxied
from trinity_channels.http_client.client import Client
from trinity_channels.http_client.destinations import ByDestination
from trinity_channels.http_client.fence import before_request
from trinity_channels.lease import Lease, LeaseLost, held
from trinity_channels.ports import utc_now

URL = "http://provider.example.org/send"


@pytest.fixture
def asked() -> list[httpx.Request]:
    return []


@pytest.fixture
def http(asked: list[httpx.Request]) -> httpx.AsyncClient:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200)

    hooks = {"request": [before_request]}
    return httpx.AsyncClient(transport=httpx.MockTransport(answer), event_hooks=hooks)


async def test_a_run_asks_while_its_process_is_heard_of(http: httpx.AsyncClient, asked: list[httpx.Request]) -> None:
    alive = [True]
    with held(Lease("deliver:1", 1, lambda: alive[0])):
        await http.get(URL)
        alive[0] = False
        with pytest.raises(LeaseLost, match="deliver:1"):
            await http.get(URL)
        alive[0] = True  # too late: what it works on may have been taken over in between
        with pytest.raises(LeaseLost):
            await http.get(URL)

    assert len(asked) == 1


async def test_a_lease_that_was_taken_counts_in_the_tasks_of_its_run(http: httpx.AsyncClient) -> None:
    lost = Lease("turn:1", 1, lambda: True)
    with held(lost):
        asking = asyncio.create_task(http.get(URL))
        lost.lost = True
        with pytest.raises(LeaseLost):
            await asking


async def test_outside_of_runs_requests_are_made(http: httpx.AsyncClient, asked: list[httpx.Request]) -> None:
    await http.get(URL)
    gone = Lease("turn:1", 1, lambda: False)
    with held(gone):
        left = asyncio.create_task(http.get(URL))
    # The run is over; what it has left running, such as the look-up of a name, is shared with others.
    await left
    assert lease.current() is None

    assert len(asked) == 2


async def test_what_a_lost_run_has_left_running_asks_nothing_either(
    http: httpx.AsyncClient, asked: list[httpx.Request]
) -> None:
    run = Lease("turn:1", 1, lambda: False)
    with held(run):
        left = asyncio.create_task(http.get(URL))
        for_all = asyncio.create_task(http.get(URL), context=lease.outside())
        with pytest.raises(LeaseLost):
            lease.check()

    with pytest.raises(LeaseLost):
        await left
    await for_all
    assert len(asked) == 1


async def test_a_plugin_does_not_take_it_for_an_answer_of_its_provider() -> None:
    async with open_client() as client:
        ctx = Context(client, utc_now)
        async with Server(echo) as server:
            with held(Lease("deliver:1", 1, lambda: False)), pytest.raises(LeaseLost):
                await ask(ctx, "POST", server.url, json={})


def _own(_: pytest.MonkeyPatch, connections: int, __: int) -> httpx.AsyncClient:
    return Client(ByDestination(connections), timeout=5)


def _through_a_proxy(monkeypatch: pytest.MonkeyPatch, connections: int, port: int) -> httpx.AsyncClient:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
    monkeypatch.delenv("no_proxy", raising=False)
    return Client(ByDestination(connections), timeout=5)


def _of_an_application(_: pytest.MonkeyPatch, connections: int, __: int) -> httpx.AsyncClient:
    hooks = {"request": [before_request]}
    return httpx.AsyncClient(limits=httpx.Limits(max_connections=connections), event_hooks=hooks)


@pytest.mark.parametrize("opened", [_own, _through_a_proxy, _of_an_application])
async def test_it_is_asked_again_when_there_is_a_connection(
    opened: Callable[[pytest.MonkeyPatch, int, int], httpx.AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    free, came = asyncio.Event(), 0
    monkeypatch.setattr(proxied, "POOLS", 1)

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        with contextlib.suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                came += 1
                await free.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    alive = True
    async with Server(slow) as server, opened(monkeypatch, 1, server.port) as client:
        first = asyncio.create_task(client.get(f"http://localhost:{server.port}/"))
        async with asyncio.timeout(5):
            while not came:  # noqa: ASYNC110  a connection of its own brings it
                await asyncio.sleep(0.01)
        with held(Lease("deliver:1", 1, lambda: alive)):
            second = asyncio.create_task(client.get(f"http://localhost:{server.port}/"))
            await asyncio.sleep(0.05)  # it waits for the only connection
            assert not second.done()
            alive = False
            free.set()
            with pytest.raises(LeaseLost):
                await second
        await first
        # The connection is not lost to others.
        await client.get(f"http://localhost:{server.port}/")

    assert came == 2
