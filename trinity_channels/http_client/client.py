"""httpx's client, without what costs each request time and serves none of ours."""

from __future__ import annotations

import functools
from typing import Any

import httpx


class _NoCookies(httpx.Cookies):
    """Stays empty. One client is used for all bindings, and what a server sets for one is not for the others."""

    def __bool__(self) -> bool:
        """False; httpx would look through the jar for every request."""
        return False

    def extract_cookies(self, response: httpx.Response) -> None:
        """Do nothing."""

    def set(self, name: str, value: str, domain: str = "", path: str = "/") -> None:
        """Do nothing."""


class Client(httpx.AsyncClient):
    """Keeps no cookies, and parses the address of repeated requests once."""

    def __init__(self, transport: httpx.AsyncBaseTransport, **options: Any) -> None:
        super().__init__(transport=transport, **options)
        self._connections = transport

    async def aclose(self) -> None:
        """Close all connections. Requests open new ones: a host starts again when its application's lifespan runs again."""
        await self._connections.aclose()

    @property
    def cookies(self) -> httpx.Cookies:
        """None, always."""
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, _: Any) -> None:
        raise AttributeError("This client keeps no cookies; pass them with a request.")

    def build_request(
        self,
        method: str,
        url: httpx.URL | str,
        *,
        headers: Any = None,
        timeout: Any = httpx.USE_CLIENT_DEFAULT,
        extensions: Any = None,
        **options: Any,
    ) -> httpx.Request:
        """As httpx builds it, in two thirds of the time; every way to send a request comes here.

        Only headers and time-outs are merged: this client has no parameters, cookies or base address of its own.
        """
        chosen = self.timeout if timeout is httpx.USE_CLIENT_DEFAULT else httpx.Timeout(timeout)
        return httpx.Request(
            method,
            _parsed(url) if isinstance(url, str) else url,
            headers=_merged(self.headers, httpx.Headers(headers)),
            extensions={"timeout": chosen.as_dict(), **(extensions or {})},
            **options,
        )


def _merged(own: httpx.Headers, given: httpx.Headers) -> list[tuple[bytes, bytes]]:
    """The headers of a client with those of a request, which replace them."""
    raw = given.raw
    names = {name.lower() for name, _ in raw}
    return [header for header in own.raw if header[0].lower() not in names] + raw


_NO_COOKIES = _NoCookies()
_parsed = functools.lru_cache(256)(httpx.URL)
