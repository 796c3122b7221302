"""What is read of a webhook's body, and how much of all bodies at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.types import Message

from tests.world import PUBLIC, Agent, World, said
from trinity_channels.inbound import bodies

MOST = 65_536
"""The cap of the manifest of the simulated channel."""


@dataclass
class Body:
    """A body that is sent in pieces; it stops after the first `pause_after` until it may go on."""

    pieces: int
    size: int = 1_000
    pause_after: int | None = None
    pulled: int = 0
    paused: asyncio.Event = field(default_factory=asyncio.Event)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for number in range(self.pieces):
            if number == self.pause_after:
                self.paused.set()
                await self.goes_on.wait()
            self.pulled += 1
            yield b"a" * self.size


@pytest.mark.parametrize("key", ["unknown-key", "test", "a" * 43])
@pytest.mark.alone("the platform answers unknown keys of its own channels")
async def test_nothing_is_read_for_an_unknown_key(world: World, key: str) -> None:
    body = Body(1_000)

    answer = await world.http.post(f"{PUBLIC}/api/whatsapp/webhook/{key}", content=body)

    assert (answer.status_code, body.pulled) == (200, 0)
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("headers", "connection"),
    [
        ({"Content-Length": "300"}, None),
        ({"Content-Length": "65536"}, None),
        ({"Content-Length": "65537"}, "close"),
        ({"Content-Length": "9" * 5_000}, "close"),
        ({"Transfer-Encoding": "chunked"}, "close"),
        ({}, None),
    ],
)
@pytest.mark.alone("the platform answers unknown keys of its own channels")
async def test_a_connection_is_closed_only_before_a_large_unread_body(
    world: World, headers: dict[str, str], connection: str | None
) -> None:
    request = world.http.build_request("POST", f"{PUBLIC}/api/whatsapp/webhook/unknown", headers=headers)

    answer = await world.http.send(request)

    assert (answer.status_code, answer.headers.get("connection")) == (200, connection)


@pytest.mark.parametrize("declared", [True, False])
async def test_the_cap_is_the_channels(town: World, declared: bool) -> None:
    url = await town.webhook()
    size = {"Content-Length": str(MOST + 1)} if declared else {}
    body = Body(1_000)

    answer = await town.http.post(url, content=body, headers=size)

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert str(MOST) in answer.json()["message"]
    assert answer.headers["connection"] == "close"
    assert body.pulled <= (0 if declared else MOST // 1_000 + 2)


async def test_the_longest_message_of_a_channel_is_accepted(town: World, agent: Agent) -> None:
    text = "漢" * 4_096
    form = {**town.inbound(text), "ProfileName": "漢" * 100, "ReferralBody": "漢" * 1_000}

    answer = await town.posts(await town.webhook(), form)

    assert (answer.status_code, [said(turn) for turn in agent.turns]) == (200, [text])


async def _paused(world: World, url: str, size: int) -> tuple[Body, asyncio.Task[httpx.Response]]:
    body = Body(2, size, pause_after=1)
    request = asyncio.create_task(world.http.post(url, content=body))
    await body.paused.wait()
    return body, request


async def test_bodies_in_flight_are_bounded_and_given_back(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "IN_FLIGHT", 130_000)
    monkeypatch.setattr(bodies, "OF_ONE_BINDING", 130_000)
    url = await town.webhook()
    held = [await _paused(town, url, 24_000) for _ in range(4)]

    refused = await town.http.post(url, content=b"a" * 40_000)

    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    assert refused.headers["retry-after"] == "5"
    for body, request in held[:2]:  # one ends, one is given up by its sender
        body.goes_on.set()
        if body is held[0][0]:
            assert (await request).status_code == 403
        else:
            request.cancel()
    assert (await town.posts(url, town.inbound("hello"))).status_code == 200
    assert [said(turn) for turn in agent.turns] == ["hello"]
    for body, request in held[2:]:
        body.goes_on.set()
        assert (await request).status_code == 403
    counts = town.driver.counts()
    assert (counts.body_bytes, counts.bodies_of) == (0, 0)


async def test_one_binding_cannot_use_up_what_all_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "OF_ONE_BINDING", 1_000)
    read = bodies.Bodies()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"a" * 600}

    first = await read.read("", receive, 1, MOST)
    with pytest.raises(bodies.Busy):
        await read.read("", receive, 1, MOST)
    assert await read.read("", receive, 2, MOST)

    read.done(1, len(first))
    assert await read.read("", receive, 1, MOST)
