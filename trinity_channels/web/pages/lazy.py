"""The routes of the pages; what is behind them is imported and built when the first page is asked for.

A host that only serves messages and the API pays neither the time nor the memory for templates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

_BELOW = "/{rest:path}"
_SINGLE = ("/", "/signin", "/signout", "/appearance")
_TREES = ("agents", "conversations", "settings", "signin", "signout", "live", "assets")
_ALONE = (*_SINGLE, "/agents", "/conversations", "/settings", *(f"/{name}{_BELOW}" for name in _TREES))
"""What the pages of a host that runs alone answer; the API, the webhooks and monitoring have other paths."""


class PageSite(Protocol):
    """What is behind the routes: an ASGI application that is stopped with the host."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

    async def stop(self) -> None:
        """Finish what is under way."""


class LazyPages:
    """Stands in for the pages. `prefix` is the path that they are below, empty for none."""

    def __init__(self, prefix: str, build: Callable[[], PageSite]) -> None:
        self.prefix = prefix
        self._build = build
        self._site: PageSite | None = None

    def routes(self) -> list[Route]:
        """The paths of pages; none of them is a path of the API."""
        paths = (self.prefix, f"{self.prefix}{_BELOW}") if self.prefix else _ALONE
        return [Route(path, self, include_in_schema=False) for path in paths]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request as the site does, below the prefix."""
        if self._site is None:
            self._site = self._build()
        # As for a mounted application: routes below see the rest of the path, and links are made with all of it.
        below = {**scope, "root_path": scope.get("root_path", "") + self.prefix}
        await self._site(below, receive, send)

    async def stop(self) -> None:
        """Stop the site, if it was ever built."""
        if self._site is not None:
            await self._site.stop()
