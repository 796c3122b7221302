"""WebSockets for plugins: where one may lead, and by which proxy.

The address of one comes from the provider's answer, so it is looked at as other input is: a server of this network must
not be reached by what someone else has said.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol
from urllib.request import getproxies, proxy_bypass

from trinity_channels.api import OpenWebSocket, WebSocket
from trinity_channels.api.calls import NotSent
from trinity_channels.http_client.public import is_public

if TYPE_CHECKING:
    from yarl import URL


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
    connect, read = await asyncio.to_thread(_prepared)
    parts = _checked(url, moved_to, read)
    proxy = _proxy(parts)
    # What a proxy can reach is the proxy's to say.
    async with await connect(parts, proxy=proxy, public_only=moved_to is None and proxy is None) as socket:
        yield socket


def _prepared() -> tuple[Callable[..., Awaitable[AbstractAsyncContextManager[WebSocket]]], Callable[[str], URL]]:
    """A thread imports it, as for requests: aiohttp and the certificates take a tenth of a second."""
    from yarl import URL  # noqa: PLC0415  see above

    from trinity_channels.http_client.destinations import certificates  # noqa: PLC0415  see above
    from trinity_channels.http_client.frames import connect  # noqa: PLC0415  see above

    return partial(connect, trusted=certificates()), URL


def _checked(url: str, moved_to: str | None, read: Callable[[str], URL]) -> URL:
    """The address as aiohttp reads it: other parsers may find another server in the same text."""
    try:
        parts = read(url)
        moved = read(moved_to) if moved_to else None
    except ValueError:
        # Without the cause, whose text may hold the address.
        raise NotSent("The address of the WebSocket cannot be read") from None
    if parts.scheme not in {"ws", "wss"} or not parts.raw_host:
        raise NotSent("The address is not that of a WebSocket")
    if moved is not None:
        if _server(parts) != _server(moved):
            raise NotSent("The WebSocket is at another server than the settings name for the provider")
        return parts
    if parts.scheme != "wss":
        raise NotSent("The WebSocket is not encrypted")
    if _is_private(parts.raw_host):
        raise NotSent("The WebSocket is at an address that is not public")
    return parts


def _server(parts: URL) -> tuple[str | None, int | None]:
    return parts.raw_host, parts.port


def _is_private(host: str) -> bool:
    """Whether it is an address that is not public; a name is not."""
    try:
        return not is_public(host.rstrip("."))
    except ValueError:
        return False


def _proxy(parts: URL) -> str | None:
    proxies = getproxies()
    found = proxies.get("https" if parts.scheme == "wss" else "http") or proxies.get("all")
    if not found or proxy_bypass(parts.raw_host or ""):
        return None
    proxy = found if "://" in found else f"http://{found}"
    if not proxy.startswith(("http://", "https://")):
        raise NotSent("The WebSocket would have to go through a proxy of a kind that is not known here")
    return proxy
