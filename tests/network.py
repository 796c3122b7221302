"""The network of a test: applications and transports by their addresses, joined without sockets."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from trinity_channels_contract_tests.testing import Sockets


@cache
def _authorities() -> ssl.SSLContext:
    """Whose certificates count, as httpx has it by itself; to read theirs takes longer than most stories."""
    return httpx.create_ssl_context()


class Network(httpx.AsyncBaseTransport):
    """Brings every request to what stands at its address; other addresses are looked for on this machine.

    Attributes:
        at: what answers, by scheme, host and port, such as `https://chat.example.org`. A test may put something else there.
        sockets: WebSockets of the applications.
    """

    def __init__(self) -> None:
        self.at: dict[str, httpx.AsyncBaseTransport] = {}
        self._apps: dict[str, Any] = {}
        self.sockets = Sockets(self._apps.get)

    def serve(self, apps: Mapping[str, Any]) -> None:
        """Put ASGI applications at their addresses."""
        self.at |= {url: httpx.ASGITransport(app) for url, app in apps.items()}
        self._apps |= {urlsplit(url).netloc: app for url, app in apps.items()}

    def client(self) -> httpx.AsyncClient:
        """A client whose requests go this way."""
        return httpx.AsyncClient(transport=self)

    @cached_property
    def _elsewhere(self) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(verify=_authorities())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The transport."""
        url = request.url
        there = self.at.get(f"{url.scheme}://{url.netloc.decode()}") or self._elsewhere
        return await there.handle_async_request(request)

    async def aclose(self) -> None:
        """Close what was opened."""
        if "_elsewhere" in vars(self):
            await self._elsewhere.aclose()
