"""WebSockets for plugins: where one may lead, and by which proxy.

The address of one comes from the provider's answer, so it is looked at as other input is: a server of this network must
not be reached by what someone else has said.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from trinity_channels.api import OpenWebSocket, WebSocket
from trinity_channels.api.calls import NotSent

_PORTS = {"ws": 80, "http": 80, "wss": 443, "https": 443}


class OpenTo(Protocol):
    """Opens a WebSocket of a provider."""

    def __call__(self, url: str, moved_to: str | None) -> AbstractAsyncContextManager[WebSocket]:
        """Connect as `OpenWebSocket` says; `moved_to` is the address that the settings move the provider to."""


def of_provider(opens: OpenTo, moved_to: str | None) -> OpenWebSocket:
    """What a context of a provider offers."""

    def opened(url: str) -> AbstractAsyncContextManager[WebSocket]:
        return opens(url, moved_to)

    return opened


@asynccontextmanager
async def open_websocket(url: str, moved_to: str | None) -> AsyncIterator[WebSocket]:
    """Connect to a WebSocket; errors as `OpenWebSocket` promises.

    Args:
        url: whole, and possibly secret.
        moved_to: the one server that may be reached, whatever its address; None for any public one.
    """
    parts = _checked(url, moved_to)
    proxy = _proxy(parts)
    connect = await asyncio.to_thread(_prepared)
    # What a proxy can reach is the proxy's to say.
    guarded = moved_to is None and proxy is None
    async with await connect(url, proxy=proxy, refused=_is_private if guarded else None) as socket:
        yield socket


def _prepared() -> Callable[..., Awaitable[AbstractAsyncContextManager[WebSocket]]]:
    """A thread imports it, as for requests: aiohttp and the certificates take a tenth of a second."""
    from trinity_channels.http_client.destinations import certificates  # noqa: PLC0415  see above
    from trinity_channels.http_client.frames import connect  # noqa: PLC0415  see above

    return partial(connect, trusted=certificates())


def _checked(url: str, moved_to: str | None) -> SplitResult:
    try:
        parts = urlsplit(url)
        server = _server(parts)
        moved = _server(urlsplit(moved_to)) if moved_to else None
    except ValueError:
        # Without the cause, whose text may hold the address.
        raise NotSent("The address of the WebSocket cannot be read") from None
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        raise NotSent("The address is not that of a WebSocket")
    if moved_to is not None:
        if server != moved:
            raise NotSent("The WebSocket is at another server than the settings name for the provider")
        return parts
    if parts.scheme != "wss":
        raise NotSent("The WebSocket is not encrypted")
    if _is_private(parts.hostname):
        raise NotSent("The WebSocket is at an address that is not public")
    return parts


def _server(parts: SplitResult) -> tuple[str, int | None]:
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def _is_private(host: str) -> bool:
    """Whether it is an address that is not public; a name is not."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return not (mapped or address).is_global


def _proxy(parts: SplitResult) -> str | None:
    proxies = getproxies()
    found = proxies.get("https" if parts.scheme == "wss" else "http") or proxies.get("all")
    if not found or proxy_bypass(parts.hostname or ""):
        return None
    proxy = found if "://" in found else f"http://{found}"
    if not proxy.startswith(("http://", "https://")):
        raise NotSent("The WebSocket would have to go through a proxy of a kind that is not known here")
    return proxy
