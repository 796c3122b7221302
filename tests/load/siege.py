"""What a host is besieged with: a provider that keeps trying, a model that counts, and people who write.

Everything but the host lives in this process. The host is another one, because `kill -9` leaves no time for anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from trinity_channels.api import Context
from trinity_channels_whatsapp.simulator import TwilioSimulator
from trinity_channels_whatsapp.simulator.phones import Phone

ROOT = Path(__file__).parents[2]
ADMIN = "fake-admin-token-of-the-siege"
RETRY_PAUSE = 0.15
GIVES_UP = 0.01
"""How likely the provider gives a webhook up after each failed attempt."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WRITTEN = re.compile(r"\bp\d+n\d+\b(?::\d/\d\b)?")
_TEXT = re.compile(r"\bp\d+n\d+\b")
PIECES = 3
"""Paragraphs of a long answer, which takes several messages."""
_LONG = 7
"""One answer in so many is long."""
_FILLER = "and so on " * 120


def now() -> datetime:
    """The real time, also where a story of the same test run has stopped the clock."""
    return _EPOCH + timedelta(seconds=time.clock_gettime(time.CLOCK_REALTIME))


async def eventually(reached: Callable[[], bool | Awaitable[bool]], seconds: float, what: Callable[[], str]) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it was not so in time; with what was to be, and how it stood.
    """
    end = time.clock_gettime(time.CLOCK_MONOTONIC) + seconds
    while True:
        answer = reached()
        if answer if isinstance(answer, bool) else await answer:
            return
        if time.clock_gettime(time.CLOCK_MONOTONIC) > end:
            raise TimeoutError(f"not within {seconds:.0f} s: {what()}")
        await asyncio.sleep(0.05)


def free_port() -> int:
    """A port below those that the system gives to outgoing connections: it stays free while the host is down."""
    while True:
        port = random.randrange(20000, 30000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


class _Quiet(uvicorn.Server):
    """Leaves the signals of this process alone: several of them come and go."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """An app on the loopback interface, within this event loop; it can go away and come back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._port = free_port()
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it is, or was."""
        return f"http://127.0.0.1:{self._port}"

    async def begin(self) -> None:
        """Serve."""
        config = uvicorn.Config(
            self._app,
            port=self._port,
            log_config=None,
            log_level="critical",  # connections that were cut are no errors here
            access_log=False,
            lifespan="off",
            ws="none",  # older versions take what is deprecated in newer ones of websockets
            timeout_graceful_shutdown=1,
        )
        self._server = server = _Quiet(config)
        self._serving = asyncio.create_task(server.serve())
        await eventually(lambda: server.started, 60, lambda: "a server of the test has started")

    async def go_away(self) -> None:
        """Cut all connections and refuse new ones. What was being asked may have been done."""
        assert self._server
        assert self._serving
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        self._server.should_exit = self._server.force_exit = True
        await self._serving

    async def end(self) -> None:
        """Stop serving."""
        assert self._server
        assert self._serving
        self._server.should_exit = True
        await self._serving


@contextlib.asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an app; yields its address."""
    server = Server(app)
    await server.begin()
    try:
        yield server.url
    finally:
        await server.end()


class Persistent(httpx.AsyncBaseTransport):
    """The provider's side of the wire: a webhook that fails is posted again, the same one, or at last given up.

    With `ports`, a load balancer is in between, which gives each attempt to another process.
    """

    def __init__(self, dice: random.Random) -> None:
        self.ports: list[int] = []
        self._dice = dice
        self._inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=200))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        while True:
            if self.ports:
                request.url = request.url.copy_with(port=self._dice.choice(self.ports))
            try:
                response = await self._inner.handle_async_request(request)
                await response.aread()
            except httpx.TransportError:
                if self._dice.random() < GIVES_UP:
                    raise
            else:
                if response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return response
            await asyncio.sleep(RETRY_PAUSE)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Far:
    """Puts a distance before an app, so that a kill finds calls on their way there, and answers on their way back."""

    def __init__(self, app: ASGIApp, dice: random.Random, longest: float = 0.12) -> None:
        self._app = app
        self._dice = dice
        self._longest = longest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def late(message: Any) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(self._dice.uniform(0, self._longest))
            await send(message)

        await asyncio.sleep(self._dice.uniform(0, self._longest))
        await self._app(scope, receive, late)


class CountingModel:
    """An OpenAI-compatible endpoint that answers with what it was asked, and remembers under which key.

    Some answers are longer than a message; each piece says which of how many it is: `p7n12:2/3`. A key seen before is
    answered at once, as an endpoint that honours Idempotency-Key would.
    """

    def __init__(self, dice: random.Random) -> None:
        self.calls: list[tuple[str, tuple[str, ...]]] = []
        self.app = Starlette(routes=[Route("/v1/chat/completions", self._complete, methods=["POST"])])
        self._dice = dice

    async def _complete(self, request: Request) -> JSONResponse:
        said = (await request.json())["messages"]
        last_answer = max((i for i, one in enumerate(said) if one["role"] == "assistant"), default=-1)
        asked = tuple(text for one in said[last_answer + 1 :] for text in _TEXT.findall(one["content"]))
        key = request.headers["idempotency-key"]
        again = any(known == key for known, _ in self.calls)
        self.calls.append((key, asked))
        if not again:
            await asyncio.sleep(self._dice.uniform(0, 0.25))
        answer = {"role": "assistant", "content": "\n\n".join(_answer(asked))}
        return JSONResponse({"choices": [{"index": 0, "message": answer, "finish_reason": "stop"}]})


def _answer(asked: tuple[str, ...]) -> Iterator[str]:
    if zlib.crc32(asked[-1].encode()) % _LONG:
        yield f"you wrote {', '.join(asked)}"
        return
    yield f"you wrote {', '.join(asked)} {asked[-1]}:1/{PIECES} {_FILLER}"
    for piece in range(2, PIECES + 1):
        yield f"{asked[-1]}:{piece}/{PIECES} {_FILLER}"


@dataclass
class Writer:
    """A person who numbers what they write: `p7n12`. Slow enough for the limit of 30 messages a minute.

    `acknowledged` says of each text what `during` was when the provider was answered.
    """

    index: int
    phone: Phone
    dice: random.Random
    during: Callable[[], int]
    acknowledged: dict[str, int] = field(default_factory=dict)

    async def write_until(self, end: asyncio.Event) -> None:
        """Write one to three messages, pause, and again; one after another, as the provider acknowledges them."""
        number = 0
        await asyncio.sleep(self.dice.uniform(0, 4))
        while not end.is_set():
            for _ in range(self.dice.randint(1, 3)):
                text = f"p{self.index}n{number}"
                await self.phone.says(text)
                message = next(one for one in reversed(self.phone.bubbles) if one.body == text and not one.outbound)
                if message.acknowledged:  # else it was given up
                    self.acknowledged[text] = self.during()
                number += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), self.dice.uniform(7, 10))

    def heard(self) -> list[str]:
        """Every text that a reply on the phone repeats, and the pieces of long ones, in the order of the replies."""
        return [text for heard in self.phone.heard() for text in _WRITTEN.findall(heard.text)]


def make_twilio(http: httpx.AsyncClient, base_url: str) -> TwilioSimulator:
    """A simulated provider on the real clock, without a limit of sends in a second: the siege goes as fast as it can."""
    twilio = TwilioSimulator(Context(http, now, api_base_url=base_url))
    twilio.behaviour.sends_per_second = None
    return twilio
