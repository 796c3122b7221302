"""The one HTTP client of a host, for providers and agents alike, with connections of their own for each destination."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import itertools
import socket
import ssl
from urllib.request import getproxies, proxy_bypass

import httpx

POOLS = 8
CONNECTIONS = 128
"""To one destination, unless more turns may run than that: a provider or an agent that hangs takes none from others."""
KEPT_ALIVE = 64
MOST_DESTINATIONS = 256
"""After which new ones share their connections, so that nothing grows without bound."""
LOOKED_UP_FOR = 30.0
"""Seconds after which a server's name is looked up again before a request; idle connections do not live as long."""
TIMEOUTS = httpx.Timeout(15.0, connect=5.0)


class _NameLookup:
    """Looks up the name of a server before requests may open connections to it, for all of them together.

    Lookups run in a few threads that the whole process shares, and the system gives one up only after half a minute. A
    name server that hangs for one destination would otherwise occupy all of these threads.
    """

    def __init__(self, host: bytes) -> None:
        self._host = host  # bytes, or Python would encode it once more
        self._needed = not _is_address(host)
        self._running: asyncio.Task[object] | None = None
        self._fresh_until = 0.0

    async def done(self, request: httpx.Request) -> None:
        """Wait for the lookup, at most as long as connecting may take.

        Raises:
            httpx.ConnectError, httpx.ConnectTimeout: as if a connection had failed for the same reason.
        """
        loop = asyncio.get_running_loop()
        if not self._needed or loop.time() < self._fresh_until:
            return
        if self._running is None:
            self._running = loop.create_task(loop.getaddrinfo(self._host, None, type=socket.SOCK_STREAM))
            self._running.add_done_callback(self._ended)
        seconds = request.extensions.get("timeout", {}).get("connect")
        try:
            async with asyncio.timeout(seconds):  # wait_for could lose a cancellation in Python 3.11
                await asyncio.shield(self._running)
        except TimeoutError:
            raise httpx.ConnectTimeout("The name of the server was not found in time.", request=request) from None
        except OSError as error:
            raise httpx.ConnectError(str(error), request=request) from error

    def stop(self) -> None:
        if self._running:
            self._running.cancel()

    def _ended(self, lookup: asyncio.Task[object]) -> None:
        self._running = None
        if not lookup.cancelled() and lookup.exception() is None:
            self._fresh_until = lookup.get_loop().time() + LOOKED_UP_FOR


def _is_address(host: bytes) -> bool:
    try:
        ipaddress.ip_address(host.decode())
    except ValueError:
        return False
    return True


class _Destination:
    """The connections to one server: several small pools instead of a large one.

    In each request httpcore asks the system about every idle connection of the pool, twice. With dozens of them that
    took a third of a busy host's time.
    """

    def __init__(self, host: bytes, certificates: ssl.SSLContext, connections: int, proxy: httpx.Proxy | None) -> None:
        self._lookup = None if proxy or not host else _NameLookup(host)
        limits = httpx.Limits(max_connections=connections // POOLS, max_keepalive_connections=KEPT_ALIVE // POOLS)
        self._pools = [httpx.AsyncHTTPTransport(verify=certificates, limits=limits, proxy=proxy) for _ in range(POOLS)]
        self._turns = itertools.cycle(self._pools)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if self._lookup:
            await self._lookup.done(request)
        return await next(self._turns).handle_async_request(request)

    async def aclose(self) -> None:
        if self._lookup:
            self._lookup.stop()
        for pool in self._pools:
            await pool.aclose()


class ByDestination(httpx.AsyncBaseTransport):
    """Sends each request over the connections to its server (scheme, host and port), through the proxy for it, if any.

    All of them share the certificates, which take more memory than everything else here.
    """

    def __init__(self, connections: int = CONNECTIONS) -> None:
        self._certificates = _certificates()
        self._connections = connections
        self._proxies = {
            scheme: self._proxy(url) for scheme, url in getproxies().items() if scheme in ("http", "https", "all")
        }
        self._destinations: dict[tuple[str, object], _Destination] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        found = self._destinations.get((url.scheme, url.netloc)) or self._destination(url)
        return await found.answer(request)

    async def aclose(self) -> None:
        for destination in self._destinations.values():
            await destination.aclose()

    def _destination(self, url: httpx.URL) -> _Destination:
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if proxy and proxy_bypass(url.host):
            proxy = None
        key: tuple[str, object] = (url.scheme, url.netloc)
        host = url.raw_host
        if len(self._destinations) >= MOST_DESTINATIONS:
            key, host = ("", proxy), b""
        if key not in self._destinations:
            self._destinations[key] = _Destination(host, self._certificates, self._connections, proxy)
        return self._destinations[key]

    def _proxy(self, url: str) -> httpx.Proxy:
        address = httpx.URL(url if "://" in url else f"http://{url}")
        proxy = httpx.Proxy(address, ssl_context=self._certificates if address.scheme == "https" else None)
        httpx.AsyncHTTPTransport(verify=self._certificates, proxy=proxy)  # or the first request would find it unusable
        return proxy


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Those that this machine trusts; to read them takes 25 ms, so all clients of a process share them."""
    return httpx.create_ssl_context()


async def drop_useless_location(response: httpx.Response) -> None:
    """Let a redirect whose address cannot be read be an answer like any other.

    httpx prepares the next request even if redirects are not followed, and raises errors of all kinds if it cannot. A
    plugin would then report an unknown outcome for a request that was certainly not taken.
    """
    if response.has_redirect_location and not _leads_somewhere(response):
        del response.headers["Location"]


def _leads_somewhere(response: httpx.Response) -> bool:
    try:
        target = response.request.url.join(response.headers["Location"])
        return target.scheme in ("http", "https") and bool(target.host)
    except Exception:  # noqa: BLE001 - httpx.InvalidURL, and what the idna library raises when the host is asked for
        return False


def open_client(turns: int = 0) -> httpx.AsyncClient:
    """A pooled client with time-outs; it goes through the proxy that the environment names, if it names one.

    Args:
        turns: how many agents may run at once. They may all be at one address, and twice as many connections leave some
            to every agent there.
    """
    connections = max(CONNECTIONS, 2 * turns)
    hooks = {"response": [drop_useless_location]}
    return httpx.AsyncClient(timeout=TIMEOUTS, transport=ByDestination(connections), event_hooks=hooks)
