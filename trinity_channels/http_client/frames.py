"""One WebSocket, carried by aiohttp, which the requests of httpx have loaded already (docs/adr/0012)."""

from __future__ import annotations

import socket
import ssl
from http import HTTPStatus
from types import SimpleNamespace, TracebackType
from typing import Self

import aiohttp
from yarl import URL

from trinity_channels.api import WebSocketClosed
from trinity_channels.api.calls import CallError, NoAnswer, NotSent, Refused
from trinity_channels.http_client.names import Names
from trinity_channels.http_client.public import is_public

CONNECTING = 5.0
ANSWERING = 15.0
PING_EVERY = 20.0
"""Seconds; a ping without an answer ends the connection after half of them."""
CLOSING = 2.0
"""Seconds that the other side has to say goodbye: some providers never do."""
LARGEST = 4_000_000
_BROKEN = 1006
_NOT_TEXT = 1003


class _NotPublicError(OSError):
    """The server is in a private network."""


class _RedirectedError(Exception):
    """Redirects are not followed."""


def _public_only(target: aiohttp.AddrInfoType) -> socket.socket:
    """A socket for a connection to a public address.

    Here, because every connection comes here with the address that it is made to, however the URL is spelt and
    the name was looked up.
    """
    family, kind, protocol, _, address = target
    if not is_public(str(address[0])):
        raise _NotPublicError
    return socket.socket(family, kind, protocol)


async def connect(url: URL, *, trusted: ssl.SSLContext, proxy: str | None, public_only: bool) -> Frames:
    """Connect, and shake hands.

    Args:
        url: of the server.
        trusted: certificates.
        proxy: address of the proxy, with user and password if it wants them.
        public_only: connect to no address of a private network.

    Raises:
        NotSent: no connection was made.
        Refused: the server answers with something else than a WebSocket.
        NoAnswer: everything else.
    """
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            ssl=trusted,
            resolver=Names(),
            socket_factory=_public_only if public_only else None,
            force_close=True,
            limit=1,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=[_no_redirects()],
        timeout=aiohttp.ClientTimeout(total=ANSWERING, connect=CONNECTING, sock_connect=CONNECTING),
    )
    try:
        try:
            return Frames(session, await _shaken(session, url, proxy))
        except Exception as error:  # noqa: BLE001  aiohttp raises ValueError and others, too
            failed = _as_ours(error)
        # Outside, so that it does not keep aiohttp's error, which holds the address.
        raise failed
    except BaseException:
        await session.close()
        raise


async def _shaken(session: aiohttp.ClientSession, url: URL, proxy: str | None) -> aiohttp.ClientWebSocketResponse:
    return await session.ws_connect(
        url,
        timeout=aiohttp.ClientWSTimeout(ws_receive=None, ws_close=CLOSING),
        heartbeat=PING_EVERY,
        max_msg_size=LARGEST,
        proxy=proxy,
    )


def _no_redirects() -> aiohttp.TraceConfig:
    async def refuse(_: aiohttp.ClientSession, __: SimpleNamespace, ___: aiohttp.TraceRequestRedirectParams) -> None:
        raise _RedirectedError

    config = aiohttp.TraceConfig()
    config.on_request_redirect.append(refuse)
    return config


def _as_ours(error: Exception) -> CallError:
    match error:
        case aiohttp.WSServerHandshakeError() if error.status >= HTTPStatus.BAD_REQUEST:
            return Refused(error.status, {}, retry_after=None)
        case aiohttp.WSServerHandshakeError():
            return Refused(HTTPStatus.BAD_GATEWAY, {}, retry_after=None)
        case _RedirectedError():
            return NotSent("The WebSocket's server leads elsewhere")
        case aiohttp.ClientConnectorError() if isinstance(getattr(error, "os_error", None), _NotPublicError):
            return NotSent("The WebSocket is at an address that is not public")
        case (
            aiohttp.ClientConnectorError()
            | aiohttp.ConnectionTimeoutError()
            | aiohttp.ClientHttpProxyError()
            | aiohttp.InvalidURL()
        ):
            return NotSent(type(error).__name__)
        case _:
            return NoAnswer(type(error).__name__)


class Frames:
    """An open connection; see `trinity_channels.api.WebSocket`."""

    def __init__(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._session = session
        self._socket = socket

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._socket.close()
        finally:
            await self._session.close()

    async def receive(self) -> str:
        """The next text."""
        message = await self._socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            return str(message.data)
        if message.type is aiohttp.WSMsgType.BINARY:
            await self._socket.close(code=_NOT_TEXT)
            raise WebSocketClosed(_NOT_TEXT)
        raise WebSocketClosed(self._code)

    async def send(self, text: str) -> None:
        """Send a text."""
        try:
            await self._socket.send_str(text)
        except Exception:  # noqa: BLE001  such as ClientConnectionResetError; its cause says no more
            failed = WebSocketClosed(self._code)
        else:
            return
        raise failed

    @property
    def _code(self) -> int:
        return self._socket.close_code or _BROKEN
