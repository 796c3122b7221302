"""WebSockets between a plugin and an ASGI application, in memory; both ends behave as at a server with a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Scope

from trinity_channels.api import WebSocket, WebSocketClosed
from trinity_channels.api.http import NotSent, Refused

BROKEN = 1006
"""The code of a connection that ended without a word: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1."""
GOING_AWAY = 1001


class Sockets:
    """Opens WebSockets, as `Context.websocket` and `Ports.websocket` do.

    Attributes:
        links: the connections that are open.
        reachable: whether new ones can be made.
        change: what becomes of each text on its way to the plugin.
    """

    def __init__(self, find: Callable[[str], ASGIApp | None]) -> None:
        """`find` gives the application at a host and port, such as `slack.simulator` or `127.0.0.1:8000`; None for none."""
        self.links: set[Link] = set()
        self.reachable = True
        self.change: Callable[[str], str] = str
        self._find = find

    @asynccontextmanager
    async def __call__(self, url: str, moved_to: str | None = None) -> AsyncIterator[WebSocket]:
        """Connect, to whatever address."""
        del moved_to
        parts = urlsplit(url)
        app = self._find(parts.netloc) if parts.scheme in {"ws", "wss"} else None
        if app is None or not self.reachable:
            raise NotSent("No server answers there")
        link = Link(url, self.change)
        running = asyncio.create_task(link.run(app))
        self.links.add(link)
        try:
            await link.shaken()
            yield link
        finally:
            self.links.discard(link)
            await link.leave()
            # The application gets to see that the client has gone.
            await asyncio.wait({running}, timeout=5)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    def cut(self) -> None:
        """Break all connections; neither side is told more than that."""
        for link in self.links:
            link.cut()


class Link:
    """One connection: what the plugin holds, and what the application is told."""

    def __init__(self, url: str, change: Callable[[str], str]) -> None:
        self._url = url
        self._change = change
        self._to_client: asyncio.Queue[str | WebSocketClosed | Refused] = asyncio.Queue()
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._shaken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended: WebSocketClosed | None = None

    # --- the plugin's side ---

    async def receive(self) -> str:
        """The next text."""
        if self._ended and self._to_client.empty():
            raise self._ended
        found = await self._to_client.get()
        if isinstance(found, str):
            return found
        raise found

    async def send(self, text: str) -> None:
        """Send a text."""
        await asyncio.sleep(0)
        if self._ended:
            raise self._ended
        self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    async def shaken(self) -> None:
        """Wait until the application accepts.

        Raises:
            Refused: it does not.
        """
        await self._shaken

    async def leave(self) -> None:
        """Close the connection from this side."""
        self._end(GOING_AWAY, 1000)

    # --- what stands between ---

    def cut(self) -> None:
        """Break the connection: what is on its way is lost."""
        while not self._to_client.empty():
            self._to_client.get_nowait()
        self._end(BROKEN, BROKEN)

    def _end(self, for_client: int, for_app: int | None) -> None:
        if self._ended:
            return
        self._ended = WebSocketClosed(for_client)
        self._to_client.put_nowait(self._ended)
        if for_app is not None:
            self._to_app.put_nowait({"type": "websocket.disconnect", "code": for_app, "reason": ""})

    # --- the application's side ---

    async def run(self, app: ASGIApp) -> None:
        """Let the application answer."""
        try:
            await app(self._scope(), self._to_app.get, self._send)
        finally:
            self._refuse(500)
            self._end(BROKEN, None)

    async def _send(self, message: Message) -> None:
        match message["type"]:
            case "websocket.accept":
                self._shaken.set_result(None)
            case "websocket.close" if not self._shaken.done():
                self._refuse(403)
            case "websocket.close":
                code = message.get("code", 1000)
                self._end(code, code)
            case "websocket.send" if self._ended is None:
                self._to_client.put_nowait(self._change(message["text"]))

    def _refuse(self, status: int) -> None:
        if not self._shaken.done():
            self._shaken.set_exception(Refused(status, {}, retry_after=None))

    def _scope(self) -> Scope:
        parts = urlsplit(self._url)
        return {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": parts.scheme,
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(b"host", parts.netloc.encode())],
            "server": (parts.hostname, parts.port or 80),
            "client": ("127.0.0.1", 50000),
            "subprotocols": [],
        }
