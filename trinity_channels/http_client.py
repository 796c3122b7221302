"""The one HTTP client of a host, for providers and agents alike."""

from __future__ import annotations

import functools
import itertools
import ssl
from urllib.request import getproxies

import httpx

POOLS = 8
TIMEOUTS = httpx.Timeout(15.0, connect=5.0)
CONNECTIONS = httpx.Limits(max_connections=200, max_keepalive_connections=64)
_OF_EACH_POOL = httpx.Limits(max_connections=200 // POOLS, max_keepalive_connections=64 // POOLS)


class _Spread(httpx.AsyncBaseTransport):
    """Several small pools instead of a large one.

    In each request httpcore asks the system about every idle connection of the pool, twice. With dozens of them that
    took a third of a busy host's time.
    """

    def __init__(self) -> None:
        self._pools = [httpx.AsyncHTTPTransport(verify=_certificates(), limits=_OF_EACH_POOL) for _ in range(POOLS)]
        self._turns = itertools.cycle(self._pools)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await next(self._turns).handle_async_request(request)

    async def aclose(self) -> None:
        for pool in self._pools:
            await pool.aclose()


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


def open_client() -> httpx.AsyncClient:
    """A pooled client with time-outs; it goes through the proxy that the environment names, if it names one."""
    hooks = {"response": [drop_useless_location]}
    if getproxies():
        return httpx.AsyncClient(timeout=TIMEOUTS, limits=CONNECTIONS, event_hooks=hooks)
    return httpx.AsyncClient(timeout=TIMEOUTS, transport=_Spread(), event_hooks=hooks)
