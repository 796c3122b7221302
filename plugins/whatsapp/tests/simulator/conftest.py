from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from trinity_channels.api import Context
from trinity_channels_whatsapp.simulator import TwilioSimulator

WEBHOOK = "http://host.test/api/whatsapp/webhook/key"
EMPTY_TWIML = httpx.Response(
    200, text='<?xml version="1.0" encoding="UTF-8"?><Response />', headers={"content-type": "text/xml"}
)


@dataclass
class Host:
    """The host as the network sees it: keeps what it gets, answers what it is told to, first come first served."""

    requests: list[httpx.Request] = field(default_factory=list)
    answers: deque[httpx.Response | Exception] = field(default_factory=deque)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.popleft() if self.answers else EMPTY_TWIML
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)

    @property
    def forms(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(one.content.decode(), keep_blank_values=True)) for one in self.requests]

    @property
    def statuses(self) -> list[str]:
        return [form["MessageStatus"] for form in self.forms if "MessageStatus" in form]


class Api:
    """The simulator's API in the hands of one account."""

    def __init__(self, client: httpx.AsyncClient, sim: TwilioSimulator) -> None:
        settings = sim.settings()
        self.client = client
        self.sender = settings["from_number"]
        self.base = f"/2010-04-01/Accounts/{settings['account_sid']}"
        self.client.auth = (settings["account_sid"], settings["auth_token"])

    async def send(self, to: str, body: str = "hello", **params: str) -> httpx.Response:
        form = {"To": to, "From": self.sender, "Body": body, "StatusCallback": f"{WEBHOOK}?delivery=d1", **params}
        form = {name: value for name, value in form.items() if value}
        return await self.client.post(f"{self.base}/Messages.json", data=form)

    async def messages(self, **params: str) -> dict[str, Any]:
        listed: dict[str, Any] = (await self.client.get(f"{self.base}/Messages.json", params=params)).json()
        return listed


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def make_sim(host: Host) -> Callable[[str], TwilioSimulator]:
    def make(base_url: str) -> TwilioSimulator:
        http = httpx.AsyncClient(transport=httpx.MockTransport(host))
        sim = TwilioSimulator(
            Context(http=http, now=lambda: datetime(2026, 11, 22, 12, tzinfo=UTC), api_base_url=base_url)
        )
        sim.connect(WEBHOOK)
        return sim

    return make


@pytest.fixture
def sim(make_sim: Callable[[str], TwilioSimulator]) -> TwilioSimulator:
    return make_sim("http://twilio.test")


@pytest.fixture
async def api(sim: TwilioSimulator) -> AsyncIterator[Api]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sim.app), base_url="http://twilio.test") as client:
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
async def served(make_sim: Callable[[str], TwilioSimulator]) -> AsyncIterator[tuple[TwilioSimulator, str]]:
    """A simulator behind uvicorn, and its address."""
    made: list[TwilioSimulator] = []

    def make(base_url: str) -> ASGIApp:
        made.append(make_sim(base_url))
        return made[0].app

    async with serving(make) as base_url:
        yield made[0], base_url
