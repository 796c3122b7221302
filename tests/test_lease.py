"""Requests of a run whose process may have been taken for dead are not made."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from trinity_channels import lease
from trinity_channels.lease import Lease, LeaseLost, held

URL = "http://provider.example.org/send"


@pytest.fixture
def asked() -> list[httpx.Request]:
    return []


@pytest.fixture
def http(asked: list[httpx.Request]) -> httpx.AsyncClient:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200)

    hooks = {"request": [lease.before_request]}
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
