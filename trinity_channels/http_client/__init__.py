"""The one HTTP client of a host, for providers and agents alike: an `httpx.AsyncClient` over connections of our choice."""

from __future__ import annotations

import httpx

from trinity_channels.http_client.client import Client
from trinity_channels.http_client.destinations import ByDestination

CONNECTIONS = 128
"""To one destination, unless more turns may run than that: a provider or an agent that hangs takes none from others."""
TIMEOUTS = httpx.Timeout(15.0, connect=5.0)


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
    return Client(ByDestination(connections), timeout=TIMEOUTS, event_hooks=hooks)
