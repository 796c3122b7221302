from __future__ import annotations

import asyncio
import json
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from trinity_channels.api import Context
from trinity_channels_slack.simulator import SlackSimulator

WEBHOOK = "http://host.test/api/slack/webhook/key"


@dataclass
class Host:
    """The host as Slack sees it: keeps what it gets, does the handshake, answers the rest as it is told to."""

    requests: list[httpx.Request] = field(default_factory=list)
    answers: deque[httpx.Response | Exception] = field(default_factory=deque)
    handshake: httpx.Response | Exception | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if body["type"] == "url_verification":
            answer = self.handshake or httpx.Response(200, text=body["challenge"])
        else:
            self.requests.append(request)
            answer = self.answers.popleft() if self.answers else httpx.Response(200)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(one.content)["event"] for one in self.requests]

    @property
    def retries(self) -> list[str | None]:
        return [one.headers.get("x-slack-retry-num") for one in self.requests]


class Api:
    """The Web API in the hands of the app."""

    def __init__(self, client: httpx.AsyncClient, sim: SlackSimulator) -> None:
        self.client = client
        self.client.headers["Authorization"] = f"Bearer {sim.settings()['bot_token']}"

    async def form(self, method: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.client.post(f"/api/{method}", data=arguments)).json()
        return answer

    async def json(self, method: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.client.post(f"/api/{method}", json=arguments)).json()
        return answer

    async def direct(self, user: str) -> str:
        opened = await self.form("conversations.open", users=user)
        return str(opened["channel"]["id"])

    async def post(self, channel: str, text: str = "hello", **arguments: Any) -> dict[str, Any]:
        return await self.json("chat.postMessage", channel=channel, text=text, **arguments)


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def make_sim(host: Host) -> Callable[[str], SlackSimulator]:
    def make(base_url: str) -> SlackSimulator:
        http = httpx.AsyncClient(transport=httpx.MockTransport(host))
        sim = SlackSimulator(Context(http=http, now=lambda: datetime(2026, 1, 1, tzinfo=UTC), api_base_url=base_url))
        sim.connect(WEBHOOK)
        return sim

    return make


@pytest.fixture
def sim(make_sim: Callable[[str], SlackSimulator]) -> SlackSimulator:
    return make_sim("http://slack.test")


@pytest.fixture
async def api(sim: SlackSimulator) -> AsyncIterator[Api]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sim.app), base_url="http://slack.test") as client:
        yield Api(client, sim)


Serve = Callable[[Callable[[str], ASGIApp]], AbstractAsyncContextManager[str]]


class Server(uvicorn.Server):
    """Says when it listens, so that no one has to poll."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(uvicorn.Config(app, log_level="critical", ws="none", lifespan="off"))
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@asynccontextmanager
async def serving(make: Callable[[str], ASGIApp]) -> AsyncIterator[str]:
    """Serve over a real loopback socket; `make` gets the address before the app exists."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = Server(make(base_url))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await server.listening.wait()
        try:
            yield base_url
        finally:
            server.should_exit = True
            await task


@pytest.fixture
def serve() -> Serve:
    return serving


@pytest.fixture
async def served(make_sim: Callable[[str], SlackSimulator]) -> AsyncIterator[tuple[SlackSimulator, str]]:
    """A simulator behind uvicorn, and its address."""
    made: list[SlackSimulator] = []

    def make(base_url: str) -> ASGIApp:
        made.append(make_sim(base_url))
        return made[0].app

    async with serving(make) as base_url:
        yield made[0], base_url
