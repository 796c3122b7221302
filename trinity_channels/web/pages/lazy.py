"""The routes of the pages; what is behind them is imported and built when the first page is asked for.

A host that only serves messages and the API pays neither the time nor the memory for templates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
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

    def missing(self, request: Request) -> Response:
        """The page for a path that does not exist."""

    async def stop(self) -> None:
        """Finish what is under way."""


class LazyPages:
    """Stands in for the pages. `path` is what the settings say about where they are, None for nothing.

    `strayed` is told of each request: a probe of ours may arrive here, with a path that a proxy has changed.
    """

    def __init__(
        self, path: str | None, build: Callable[[str], PageSite], strayed: Callable[[Request], object]
    ) -> None:
        self._path = path
        self._prefix = ""
        self._build = build
        self._strayed = strayed
        self._site: PageSite | None = None

    def routes(self, default: str) -> list[Route]:
        """The paths of pages, below `default` if the settings say nothing; none of them is a path of the API."""
        self._prefix = prefix = default if self._path is None else self._path
        paths = (prefix, f"{prefix}{_BELOW}") if prefix else _ALONE
        return [Route(path, self, include_in_schema=False) for path in paths]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request as the site does, below the prefix."""
        self._strayed(Request(scope))
        await self._built()(self._below(scope), receive, send)

    def missing(self, request: Request) -> Response:
        """The page for a path outside of the pages that does not exist either."""
        return self._built().missing(Request(self._below(request.scope)))

    def _built(self) -> PageSite:
        if self._site is None:
            self._site = self._build(self._prefix)
        return self._site

    def _below(self, scope: Scope) -> Scope:
        # As for a mounted application: routes below see the rest of the path, and links are made with all of it.
        root, path = scope.get("root_path", ""), scope["path"]
        # The path lacks the root where the proxy has removed it, and only the application was told: `FastAPI(root_path=…)`.
        if not f"{path}/".startswith(f"{root}/"):
            path = root + path
        return {**scope, "path": path, "root_path": root + self._prefix}

    def begin(self) -> None:
        """Build the site again: one that was stopped opens no streams."""
        self._site = None

    async def stop(self) -> None:
        """Stop the site, if it was ever built."""
        if self._site is not None:
            await self._site.stop()
