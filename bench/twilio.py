"""The simulated provider, served from this process, with a note of every message that it takes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from trinity_channels.api import Context
from trinity_channels_whatsapp.simulator import TwilioSimulator
from trinity_channels_whatsapp.simulator.phones import Phone


def _now() -> datetime:
    return datetime.now(UTC)


class Twilio:
    """A simulator at `url`. It posts nothing by itself unless `receipts` are switched on."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self.url = url
        self.simulator = TwilioSimulator(Context(http, _now, api_base_url=url))
        self.simulator.behaviour.receipts = False
        self.simulator.behaviour.sends_per_second = None
        self.taken = 0
        self._reached = asyncio.Event()
        self._wanted = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the simulator, and count it if it was a message and was taken."""
        created = False

        async def noting(message: Message) -> None:
            nonlocal created
            created = created or message.get("status") == httpx.codes.CREATED
            await send(message)

        await self.simulator.app(scope, receive, noting)
        if created:
            self.taken += 1
            if self.taken >= self._wanted:
                self._reached.set()

    def person(self, number: str) -> Phone:
        """A person who has just written, so that the reply window is open."""
        phone = self.simulator.phone(number, number)
        phone.last_wrote[self.simulator.sender] = _now()
        return phone

    @property
    def messages_url(self) -> str:
        """Where messages are created."""
        account = self.simulator.settings()["account_sid"]
        return f"{self.url}/2010-04-01/Accounts/{account}/Messages.json"

    async def until(self, taken: int, seconds: float = 60) -> None:
        """Wait until so many messages have been taken since the start."""
        self._wanted = taken
        self._reached.clear()
        if self.taken < taken:
            await asyncio.wait_for(self._reached.wait(), seconds)


@contextlib.asynccontextmanager
async def twilio() -> AsyncIterator[Twilio]:
    """Serve a simulator on the loopback interface."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=64)) as http:
            made = Twilio(http, url)
            config = uvicorn.Config(made, log_config=None, access_log=False, lifespan="off", ws="none")
            server = uvicorn.Server(config)
            task = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
                await asyncio.sleep(0.01)
            try:
                yield made
            finally:
                await made.simulator.settle()
                server.should_exit = True
                await task
