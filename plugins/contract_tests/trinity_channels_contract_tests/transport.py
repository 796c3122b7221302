"""The network between host and provider, in memory: an HTTP transport with faults, and with time-outs that strike.

To an ASGI app it looks like a server with sockets: a client that gives up is a disconnect, an answer that stays
incomplete is a connection that broke.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto

import httpx
from starlette.types import ASGIApp, Message, Scope

BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


Carry = Callable[[], Awaitable[httpx.Response]]
Meddling = Callable[[httpx.Request, Carry], Awaitable[httpx.Response]]
"""What becomes of one call: `carry` has the provider answer it, as often as it is awaited."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to the provider, and what it was answered; None if the connection broke."""

    request: httpx.Request = field(repr=False)
    response: httpx.Response | None = field(repr=False)

    @property
    def path(self) -> str:
        """Where it went, without the query."""
        return self.request.url.path


class NetworkFault(Enum):
    """What happens to every call, whatever the provider would have answered."""

    NONE = auto()
    UNREACHABLE = auto()
    CUT = auto()
    SILENT = auto()
    HTML_ERROR = auto()


class Transport(httpx.AsyncBaseTransport):
    """Carries calls for `host` to `app`; to any other host there is no connection.

    Attributes:
        fault: what goes wrong on the way.
        meddling: what becomes of every call, unless there is a fault.
        app: who answers.
        attempts: how many calls there were, whether they got through or not.
        calls: what was asked of the provider, oldest first.
        strays: hosts that were called although they do not exist.
        crashes: what the app raised: its own faults, not those of the plugin.
    """

    def __init__(self, host: str, app: ASGIApp | None = None) -> None:
        self.fault = NetworkFault.NONE
        self.meddling: Meddling | None = None
        self.app = app
        self.attempts = 0
        self.calls: list[Call] = []
        self.strays: list[str] = []
        self.crashes: list[Exception] = []
        self._host = host
        self._running: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.attempts += 1
        if request.url.host != self._host or self.app is None:
            self.strays.append(request.url.host)
            raise httpx.ConnectError(f"No server answers at {request.url.host}", request=request)
        match self.fault:
            case NetworkFault.UNREACHABLE:
                raise httpx.ConnectError("All connection attempts failed", request=request)
            case NetworkFault.CUT:
                raise httpx.ReadError("Connection reset by peer", request=request)
            case NetworkFault.HTML_ERROR:
                return httpx.Response(502, content=BAD_GATEWAY, headers={"content-type": "text/html"}, request=request)
            case _:
                return await self._answered(request, self.app)

    async def aclose(self) -> None:
        """End what is still running on the other side."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _answered(self, request: httpx.Request, app: ASGIApp) -> httpx.Response:
        response = None
        await request.aread()
        try:
            if self.meddling is None:
                response = await self._exchange(request, app)
            else:
                response = await self.meddling(request, lambda: self._exchange(request, app))
        finally:
            self.calls.append(Call(request, response))
        return response

    async def _exchange(self, request: httpx.Request, app: ASGIApp) -> httpx.Response:
        exchange = Exchange(request, await request.aread())
        if self.fault is not NetworkFault.SILENT:
            task = asyncio.get_running_loop().create_task(exchange.run(app))
            self._running.add(task)
            task.add_done_callback(self._ended)
        try:
            # None, where a plugin has switched its time-outs off, waits indefinitely.
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("read")):
                await exchange.answered.wait()
        except TimeoutError:
            exchange.abandoned.set()
            raise httpx.ReadTimeout("The read operation timed out", request=request) from None
        if exchange.crash is not None:
            self.crashes.append(exchange.crash)
        return exchange.response()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)


class Exchange:
    """One request at an ASGI app."""

    def __init__(self, request: httpx.Request, body: bytes) -> None:
        self.answered = asyncio.Event()
        self.abandoned = asyncio.Event()
        self.crash: Exception | None = None
        self._request = request
        self._incoming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        self._start: Message | None = None
        self._body = b""
        self._complete = False
        self._broken: httpx.TransportError | None = None

    async def run(self, app: ASGIApp) -> None:
        """Let the app answer; what it does after that goes on."""
        try:
            await app(self._scope(), self._receive, self._send)
        except httpx.TransportError as error:
            self._broken = error
        except Exception as error:  # noqa: BLE001  a server answers 500, whatever an app raises
            self.crash = error
        finally:
            self.answered.set()

    def response(self) -> httpx.Response:
        """What reached the client.

        Raises:
            httpx.TransportError: the connection broke.
        """
        if self._broken is not None:
            raise self._broken
        if self.crash is not None:
            return httpx.Response(500, text="Internal Server Error", request=self._request)
        headers = httpx.Headers(self._start["headers"] if self._start else {})
        # What an httpx client sees when a real connection closes early.
        if self._start is None or not self._complete or len(self._body) < int(headers.get("content-length", 0)):
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=self._request)
        body = httpx.ByteStream(self._body)
        return httpx.Response(self._start["status"], headers=headers, stream=body, request=self._request)

    async def _receive(self) -> Message:
        if self._incoming:
            return self._incoming.pop()
        await self.abandoned.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self._complete = True
                self.answered.set()

    def _scope(self) -> Scope:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self._request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "server": (url.host, url.port or 80),
            "client": ("127.0.0.1", 50000),
        }
