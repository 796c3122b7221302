"""Chooses for each server whether it is reached directly or through the proxy that the environment names."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Callable
from urllib.request import getproxies, proxy_bypass

import httpx

from trinity_channels.http_client.proxied import Proxied


class ByDestination(httpx.AsyncBaseTransport):
    """Sends each request over connections to its server (scheme, host and port) that no other server can use up.

    All of them share the certificates, which take more memory than everything else here, and are read for the first request
    unless there is a proxy. Once closed, it opens again with the next request.
    """

    def __init__(self, connections: int) -> None:
        self._connections = connections
        # At once, so that a proxy that cannot be used is found at the start.
        self._proxies = {
            scheme: self._proxied(url) for scheme, url in getproxies().items() if scheme in ("http", "https", "all")
        }
        self._direct: httpx.AsyncBaseTransport | None = None
        self._opening: asyncio.Task[httpx.AsyncBaseTransport] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, or raise one of httpx's transport errors."""
        proxied = self._proxies and self._proxy(request.url)
        transport = proxied or self._direct or await self._opened()
        return await transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close all connections."""
        for proxied in self._proxies.values():
            await proxied.aclose()
        opening, self._opening = self._opening, None
        if opening:
            opening.cancel()
        direct, self._direct = self._direct, None
        if direct:
            await direct.aclose()

    def _proxy(self, url: httpx.URL) -> Proxied | None:
        proxied = self._proxies.get(url.scheme) or self._proxies.get("all")
        return None if proxied is None or proxy_bypass(url.host) else proxied

    def _proxied(self, url: str) -> Proxied:
        address = httpx.URL(url if "://" in url else f"http://{url}")
        return Proxied(address, certificates(), self._connections)

    async def _opened(self) -> httpx.AsyncBaseTransport:
        """The transport without a proxy, opened once: many requests may be the first ones, and each would take a thread."""
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)  # a request that is given up leaves it to the others

    async def _open(self) -> httpx.AsyncBaseTransport:
        """A thread imports it: aiohttp takes a tenth of a second, and 9 MB of memory."""
        make, trusted = await asyncio.to_thread(_prepared)
        self._direct = make(trusted, self._connections)
        return self._direct


def _prepared() -> tuple[Callable[[ssl.SSLContext, int], httpx.AsyncBaseTransport], ssl.SSLContext]:
    from trinity_channels.http_client.direct import Direct  # noqa: PLC0415  see `_opened`

    return Direct, certificates()


@functools.cache
def certificates() -> ssl.SSLContext:
    """Those that this machine trusts; to read them takes 25 ms, so all clients of a process share them."""
    return httpx.create_ssl_context()
