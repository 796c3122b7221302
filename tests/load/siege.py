"""What a host is besieged with: a provider that keeps trying, a model that counts, people who write, and a killer.

Everything but the host lives in this process. The host is another one, because `kill -9` leaves no time for anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import signal
import socket
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
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
_WRITTEN = re.compile(r"\bp\d+n\d+\b")
_CONFIG = """
[agents.support]
owner = "owner@example.org"
runtime = "openai"
base_url = "{model}/v1"
model = "counting"
"""
_OPEN_WORK = """
SELECT 'message ' || state, count(*) FROM trinity_channels_message WHERE state IN ('waiting', 'answering') GROUP BY state
UNION ALL SELECT 'turn ' || state, count(*) FROM trinity_channels_turn WHERE state IN ('open', 'failed') GROUP BY state
UNION ALL
SELECT 'delivery ' || state, count(*) FROM trinity_channels_delivery
WHERE state IN ('ready', 'sending', 'reconciling') GROUP BY state
"""


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


@contextlib.asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an app on the loopback interface, within this event loop; yields its address."""
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        await eventually(lambda: server.started, 10, lambda: "a server of the test has started")
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


class Persistent(httpx.AsyncBaseTransport):
    """The provider's side of the wire: a webhook that fails is posted again, the same one, or at last given up."""

    def __init__(self, dice: random.Random) -> None:
        self.retries = 0
        self._dice = dice
        self._inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=200))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        while True:
            try:
                response = await self._inner.handle_async_request(request)
                await response.aread()
            except httpx.TransportError:
                if self._dice.random() < GIVES_UP:
                    raise
            else:
                if response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return response
            self.retries += 1
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

    A key seen before is answered at once, as an endpoint that honours Idempotency-Key would.
    """

    def __init__(self, dice: random.Random) -> None:
        self.calls: list[tuple[str, tuple[str, ...]]] = []
        self.app = Starlette(routes=[Route("/v1/chat/completions", self._complete, methods=["POST"])])
        self._dice = dice

    async def _complete(self, request: Request) -> JSONResponse:
        said = (await request.json())["messages"]
        last_answer = max((i for i, one in enumerate(said) if one["role"] == "assistant"), default=-1)
        asked = tuple(one["content"] for one in said[last_answer + 1 :] if one["role"] == "user")
        key = request.headers["idempotency-key"]
        again = any(known == key for known, _ in self.calls)
        self.calls.append((key, asked))
        if not again:
            await asyncio.sleep(self._dice.uniform(0, 0.25))
        answer = {"role": "assistant", "content": "you wrote " + ", ".join(asked)}
        return JSONResponse({"choices": [{"index": 0, "message": answer, "finish_reason": "stop"}]})


@dataclass
class HostProcess:
    """The besieged host: a process that is started and killed again and again over one database.

    `settings` are variables besides its own; without an address of a model it has no agents of its own.
    """

    folder: Path
    model: str
    twilio: str
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where it listens, if it does."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What all its processes wrote."""
        return (self.folder / "host.log").read_text()

    async def start(self) -> None:
        """Start it; returns at once."""
        config = self.folder / "channels.toml"
        config.write_text(_CONFIG.format(model=self.model) if self.model else "")
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ},
            "TRINITY_CHANNELS_HOME": str(self.folder),
            "TRINITY_CHANNELS_CONFIG": str(config),
            "TRINITY_CHANNELS_ADMIN_TOKEN": ADMIN,
            "PUBLIC_CHAT_URL": self.url,
            "TWILIO_API_BASE_URL": self.twilio,
            **self.settings,
        }
        with (self.folder / "host.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.load.host", str(self.port)),
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )

    async def ready(self) -> None:
        """Wait until it serves.

        Raises:
            TimeoutError: it is stuck, or has crashed.
        """
        await eventually(self._is_ready, 20, lambda: f"the host is ready\n{self.log[-2000:]}")

    async def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, f"the host has crashed\n{self.log[-2000:]}"
        try:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{self.url}/readyz", timeout=1)).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    async def end(self, how: signal.Signals) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        assert self.process is not None
        assert self.process.returncode is None, f"the host had crashed\n{self.log[-2000:]}"
        self.process.send_signal(how)
        async with asyncio.timeout(20):
            return await self.process.wait()

    async def connect(self, settings: Mapping[str, str]) -> str:
        """Connect the agent and open it to everyone; returns the webhook's address."""
        async with httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {ADMIN}"}) as client:
            connected = await client.put("/api/agents/support/whatsapp", json=dict(settings))
            assert connected.status_code == httpx.codes.OK, connected.text
            opened = await client.put("/api/agents/support/access-policy", json={"policy": "open"})
            assert opened.status_code == httpx.codes.OK, opened.text
        return str(connected.json()["webhook_url"])

    def open_work(self) -> dict[str, int]:
        """How much its database holds that is not done, by kind and state."""
        return dict(self._query(_OPEN_WORK))

    def last_attempts(self) -> int:
        """How many turns are in their third attempt: one more death and they are parked, as they should be."""
        return int(
            self._query("SELECT count(*) FROM trinity_channels_turn WHERE state = 'open' AND attempts >= 3")[0][0]
        )

    def _query(self, sql: str) -> list[Any]:
        database = sqlite3.connect(f"file:{self.folder / 'trinity_channels.db'}?mode=ro", uri=True)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()


@dataclass
class Writer:
    """A person who numbers what they write: `p7n12`. Slow enough for the limit of 30 messages a minute."""

    index: int
    phone: Phone
    dice: random.Random
    acknowledged: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)

    async def write_until(self, end: asyncio.Event) -> None:
        """Write one to three messages, pause, and again; one after another, as the provider acknowledges them."""
        number = 0
        await asyncio.sleep(self.dice.uniform(0, 4))
        while not end.is_set():
            for _ in range(self.dice.randint(1, 3)):
                text = f"p{self.index}n{number}"
                await self.phone.says(text)
                message = next(one for one in reversed(self.phone.bubbles) if one.body == text and not one.outbound)
                (self.acknowledged if message.acknowledged else self.given_up).append(text)
                number += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), self.dice.uniform(7, 10))

    def answered(self) -> list[str]:
        """Every text that a reply on the phone repeats, in the order of the replies."""
        return [text for heard in self.phone.heard() for text in _WRITTEN.findall(heard.text)]


def make_twilio(http: httpx.AsyncClient, base_url: str) -> TwilioSimulator:
    """A simulated provider on the real clock, without a limit of sends in a second: the siege goes as fast as it can."""
    twilio = TwilioSimulator(Context(http, now, api_base_url=base_url))
    twilio.behaviour.sends_per_second = None
    return twilio


def twice(items: Iterable[str]) -> list[str]:
    """What occurs more than once."""
    return [item for item, count in Counter(items).items() if count > 1]
