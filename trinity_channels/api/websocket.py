"""Connections that stay open, for providers whose events arrive over a WebSocket: `ctx.websocket`."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from trinity_channels.api.calls import CallError


class WebSocketClosed(CallError):
    """The connection has ended; what was being sent may have arrived.

    Attributes:
        code: of RFC 6455, section 7.4; 1006 for a connection that broke, fell silent, or broke the protocol.
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"The connection ended ({code})")
        self.code = code


class WebSocket(Protocol):
    """One open connection. The host answers pings, and sends its own: see `OpenWebSocket`."""

    async def receive(self) -> str:
        """Wait for the next text, as long as it takes. Only one task may wait at a time.

        Raises:
            WebSocketClosed: there will be none. A frame that is not text ends the connection, too.
        """

    async def send(self, text: str) -> None:
        """Send a text.

        Raises:
            WebSocketClosed: it is not known whether it arrived.
        """


class OpenWebSocket(Protocol):
    """Opens a connection, which ends with the block.

    The address may hold a ticket: neither logs nor errors show it. It must be `wss:`, and its server a public one; while the
    settings move the provider (`ctx.api_base_url`), it must be the server that they name, by `ws:` or `wss:`. Redirects are
    not followed. Ten seconds without any answer to a ping end the connection; a text has at most 4 MB. While nothing is
    received, pings of the other side wait, and with half a megabyte waiting the connection ends after 30 seconds.

    Example:
        `async with ctx.websocket(url) as socket: event = json.loads(await socket.receive())`
    """

    def __call__(self, url: str) -> AbstractAsyncContextManager[WebSocket]:
        """Connect to `url`.

        Raises:
            NotSent: there is no such server, none may be there, or it cannot be reached.
            Refused: it answers, but not as a WebSocket does.
            NoAnswer: it does not answer in time.
        """


def no_websockets(url: str) -> AbstractAsyncContextManager[WebSocket]:
    """Raise, in contexts that were made without connections of this kind.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("This context opens no WebSockets.")
