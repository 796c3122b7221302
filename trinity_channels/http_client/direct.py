"""Connections without a proxy: aiohttp's client behind httpx, which takes half the processor time of httpx's own.

An error says whether the request may have left: plugins rely on `httpx.ConnectError` and `httpx.ConnectTimeout` to mean
that it did not. The texts of aiohttp's errors may hold the whole address, and with it a token, so only those that name
nothing but the server are passed on (docs/adr/0012).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
import ssl
from collections.abc import AsyncIterable, AsyncIterator
from typing import cast

import aiohttp
import httpx
from aiohttp.connector import Connection
from multidict import CIMultiDict
from yarl import URL

from trinity_channels import lease
from trinity_channels.http_client.answer import Answer
from trinity_channels.http_client.names import Names

KEPT_FOR = 4.0
"""Seconds that an idle connection is used again: less than the 5 s after which common servers close it."""
_LOOKED_UP_FOR = 30
_AT_ONCE = 65_536
"""Bytes of a body that aiohttp writes without waiting for the other side."""
_CONTROLS = re.compile(rb"[\x00\r\n]")
# aiohttp would add these to a request that has none.
_NOT_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_FIELD = 65_536
"""Bytes of one header of an answer; policies that servers send in a header can be long."""
_FIELDS = 256
_SPOILT = 3
"""Connections with bytes that belong to no request, after which a request is given up."""


class _SpoiltConnectionError(Exception):
    """Nothing was sent: the server had said something before it was asked."""


class _Request(aiohttp.ClientRequest):
    """A request that takes nothing for its answer that arrived before it was sent.

    A server may add to an answer, or announce a time-out, while its connection waits to be used again. Nor is one sent
    whose run has been lost while it waited for a connection.
    """

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if conn.protocol is None or conn.protocol.should_close:
            raise _SpoiltConnectionError  # aiohttp closes it
        lease.check()
        return await super().send(conn)


class Direct(httpx.AsyncBaseTransport):
    """One pool for all servers, with so many connections at most to each; it must be made and used in one event loop."""

    def __init__(self, certificates: ssl.SSLContext, connections: int) -> None:
        self._names = Names()
        connector = aiohttp.TCPConnector(
            # No limit over all servers: one that hangs must not take connections from another.
            limit=0,
            limit_per_host=connections,
            ssl=certificates,
            resolver=self._names,
            ttl_dns_cache=_LOOKED_UP_FOR,
            keepalive_timeout=KEPT_FOR,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            # The client is shared by all accounts: a cookie of one must not go with the requests of another.
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=_FIELD,
            max_field_size=_FIELD,
            max_headers=_FIELDS,
            # httpx decompresses; done twice, it would fail.
            auto_decompress=False,
            request_class=_Request,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, as soon as the head of the answer is there.

        A POST or PATCH is sent once. Requests that may be repeated are, once, if a connection that was kept breaks.

        Raises:
            httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.LocalProtocolError: it never left.
            httpx.TransportError: any other; it may have been taken.
        """
        headers = _headers(request)
        body = _Body(request)
        try:
            async with body.deadline or _NO_DEADLINE:
                answer = await self._answered(request, headers, body)
                body.answered = True
        except TimeoutError as error:
            if isinstance(error, aiohttp.ClientError):
                raise _as_httpx(error, request) from None
            raise httpx.WriteTimeout("The request was not taken in time.", request=request) from None
        except Exception as error:  # noqa: BLE001  aiohttp raises ValueError and others, too
            raise _as_httpx(error, request) from None
        reason = (answer.reason or "").encode(errors="surrogateescape")  # as aiohttp has decoded it
        return Answer(
            answer.status,
            headers=list(answer.raw_headers),
            stream=_Answer(answer, request),
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": reason},
        )

    async def _answered(self, request: httpx.Request, headers: CIMultiDict[str], body: _Body) -> aiohttp.ClientResponse:
        for _ in range(_SPOILT):
            with contextlib.suppress(_SpoiltConnectionError):
                return await self._session.request(
                    request.method,
                    _url(request),
                    headers=headers,
                    skip_auto_headers=[name for name in _NOT_ADDED if name not in headers] or None,
                    data=body.data,
                    allow_redirects=False,
                    timeout=_timeout(**request.extensions.get("timeout", {})),
                    server_hostname=request.extensions.get("sni_hostname"),
                )
        raise _SpoiltConnectionError

    async def aclose(self) -> None:
        """Close all connections."""
        await self._names.close()
        await self._session.close()


class _Body:
    """The body of a request. A long one goes piece by piece, each within the time-out for writing.

    `data` is what aiohttp takes. `deadline`, of a long one, is moved with each piece until the answer begins; aiohttp has
    no time-out of its own for that.
    """

    def __init__(self, request: httpx.Request) -> None:
        self._seconds: float | None = request.extensions.get("timeout", {}).get("write")
        self.deadline: asyncio.Timeout | None = None
        self.answered = False
        self.data: bytes | AsyncIterator[bytes] | None
        try:
            content = request.content
        except httpx.RequestNotRead:
            self.data = self._pieces(cast("httpx.AsyncByteStream", request.stream), asyncio.timeout(None))
        else:
            short = len(content) <= _AT_ONCE
            self.data = content or None if short else self._pieces(_sliced(content), asyncio.timeout(None))

    def _pieces(self, stream: AsyncIterable[bytes], deadline: asyncio.Timeout) -> AsyncIterator[bytes]:
        self.deadline = deadline

        async def pieces() -> AsyncIterator[bytes]:
            loop = asyncio.get_running_loop()
            async for piece in stream:
                if self._seconds is not None and not self.answered:
                    deadline.reschedule(loop.time() + self._seconds)
                yield piece
            if not self.answered:
                deadline.reschedule(None)

        return pieces()


_NO_DEADLINE = contextlib.nullcontext()


async def _sliced(content: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(content), _AT_ONCE):
        yield content[begin : begin + _AT_ONCE]


class _Answer(httpx.AsyncByteStream):
    """The body of an answer, as it arrives."""

    def __init__(self, answer: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self._answer.content
        try:
            while piece := await content.readany():
                yield piece
        except Exception as error:  # noqa: BLE001  see `Direct`
            raise _as_httpx(error, self._request) from None

    async def aclose(self) -> None:
        """Give the connection back, or close it if the answer was not read to its end."""
        self._answer.release()


def _url(request: httpx.Request) -> URL:
    """The address as it goes over the wire: a name and password are a header by now, and `str()` may hide a token."""
    url = request.url
    return URL(f"{url.scheme}://{url.netloc.decode()}{url.raw_path.decode()}", encoded=True)


def _headers(request: httpx.Request) -> CIMultiDict[str]:
    """The headers of a request as aiohttp takes them; it adds those about chunks itself."""
    raw = request.headers.raw
    if _CONTROLS.search(b"".join([part for header in raw for part in header])):
        raise httpx.LocalProtocolError("A header holds a line break.", request=request)
    try:
        headers = CIMultiDict([(name.decode(), value.decode()) for name, value in raw])
    except UnicodeDecodeError:
        raise httpx.LocalProtocolError("A header is not text in UTF-8.", request=request) from None
    headers.popall("Transfer-Encoding", None)
    return headers


@functools.lru_cache
def _timeout(
    connect: float | None = None, read: float | None = None, write: float | None = None, pool: float | None = None
) -> aiohttp.ClientTimeout:
    """A time-out in aiohttp's words, which has one for waiting for a connection and making it; see `_Body` for writing."""
    del write
    waiting = None if connect is None or pool is None else max(connect, pool)
    return aiohttp.ClientTimeout(total=None, connect=waiting, sock_connect=connect, sock_read=read)


def _as_httpx(error: Exception, request: httpx.Request) -> httpx.TransportError:
    """The error of httpx that says as much about what has happened to the request."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return httpx.ConnectTimeout("No connection was made in time.", request=request)
        case aiohttp.ClientConnectorError():
            return httpx.ConnectError(str(error), request=request)
        case _SpoiltConnectionError():
            return httpx.ConnectError("The server speaks before it is asked.", request=request)
        case aiohttp.ServerTimeoutError():
            return httpx.ReadTimeout("Nothing was received in time.", request=request)
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return httpx.UnsupportedProtocol("The address is not an http:// or https:// address.", request=request)
        case aiohttp.ServerDisconnectedError():
            text = "The server closed the connection without an answer."
            return httpx.RemoteProtocolError(text, request=request)
        case OSError():
            return httpx.ReadError(f"The connection broke ({type(error).__name__}).", request=request)
        case _:
            return httpx.RemoteProtocolError(f"The answer cannot be read ({type(error).__name__}).", request=request)
