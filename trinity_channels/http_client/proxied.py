"""Connections through a proxy: httpx's own transport, which knows all kinds of proxies."""

from __future__ import annotations

import itertools
import ssl

import httpx

from trinity_channels.http_client.answer import Answer
from trinity_channels.http_client.fence import before_request

POOLS = 8
KEPT_ALIVE = 64
MOST_DESTINATIONS = 256
"""After which new ones share their connections, so that nothing grows without bound."""


class _Destination:
    """The connections to one server: several small pools instead of a large one.

    In each request httpcore asks the system about every idle connection of the pool, twice. With dozens of them that
    took a third of a busy host's time.
    """

    def __init__(self, certificates: ssl.SSLContext, connections: int, proxy: httpx.Proxy) -> None:
        limits = httpx.Limits(max_connections=connections // POOLS, max_keepalive_connections=KEPT_ALIVE // POOLS)
        self._pools = [httpx.AsyncHTTPTransport(verify=certificates, limits=limits, proxy=proxy) for _ in range(POOLS)]
        self._turns = itertools.cycle(self._pools)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        answer = await next(self._turns).handle_async_request(request)
        return Answer(answer.status_code, headers=answer.headers, stream=answer.stream, extensions=answer.extensions)

    async def aclose(self) -> None:
        for pool in self._pools:
            await pool.aclose()


class Proxied(httpx.AsyncBaseTransport):
    """Sends requests through one proxy.

    Raises:
        ValueError: the address names a proxy of a kind that cannot be used.
    """

    def __init__(self, address: httpx.URL, certificates: ssl.SSLContext, connections: int) -> None:
        self._proxy = httpx.Proxy(address, ssl_context=certificates if address.scheme == "https" else None)
        self._certificates = certificates
        self._connections = connections
        self._destinations: dict[tuple[str, bytes], _Destination] = {}
        httpx.AsyncHTTPTransport(verify=certificates, proxy=self._proxy)  # or the first request would find it unusable

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, or raise one of httpx's transport errors."""
        await before_request(request)
        url = request.url
        found = self._destinations.get((url.scheme, url.netloc)) or self._destination(url)
        return await found.answer(request)

    async def aclose(self) -> None:
        """Close all connections."""
        destinations, self._destinations = self._destinations, {}
        for destination in destinations.values():
            await destination.aclose()

    def _destination(self, url: httpx.URL) -> _Destination:
        key = (url.scheme, url.netloc)
        if len(self._destinations) >= MOST_DESTINATIONS:
            key = ("", b"")
        if key not in self._destinations:
            self._destinations[key] = _Destination(self._certificates, self._connections, self._proxy)
        return self._destinations[key]
