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
from trinity_channels_telegram.simulator import TelegramSimulator

WEBHOOK = "https://host.test/api/telegram/webhook/key"


@dataclass
class Host:
    """The host as Telegram sees it: keeps what it gets, answers what it is told to, first come first served."""

    requests: list[httpx.Request] = field(default_factory=list)
    answers: deque[httpx.Response | Exception] = field(default_factory=deque)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.popleft() if self.answers else httpx.Response(200)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)

    @property
    def updates(self) -> list[dict[str, Any]]:
        return [json.loads(one.content) for one in self.requests]

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.updates if "text" in update.get("message", {})]


class Api:
    """The simulator's API in the hands of its bot."""

    def __init__(self, client: httpx.AsyncClient, sim: TelegramSimulator) -> None:
        self.client = client
        self.token = sim.settings()["bot_token"]

    async def __call__(self, method: str, **params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.post(method, **params)).json()
        return answer

    async def post(self, method: str, **params: Any) -> httpx.Response:
        return await self.client.post(f"/bot{self.token}/{method}", json=params)


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def make_sim(host: Host) -> Callable[[str | None], TelegramSimulator]:
    def make(base_url: str | None) -> TelegramSimulator:
        http = httpx.AsyncClient(transport=httpx.MockTransport(host))
        return TelegramSimulator(
            Context(http=http, now=lambda: datetime(2026, 11, 22, 12, tzinfo=UTC), api_base_url=base_url)
        )

    return make


@pytest.fixture
def sim(make_sim: Callable[[str | None], TelegramSimulator]) -> TelegramSimulator:
    return make_sim("http://telegram.test")


@pytest.fixture
async def api(sim: TelegramSimulator) -> AsyncIterator[Api]:
    transport = httpx.ASGITransport(sim.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://telegram.test") as client:
        yield Api(client, sim)
        await sim.settle()


@pytest.fixture
async def hooked(api: Api) -> Api:
    """The API of a bot whose webhook is the host."""
    await api("setWebhook", url=WEBHOOK, secret_token="fake-secret")
    return api


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
