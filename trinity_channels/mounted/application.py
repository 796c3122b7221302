"""Asks an application's own routing what it answers: its routes, included routers, mounted applications, redirects.

Asked for each request, for an application may add routes at any time, and what a route answers only the route knows: a path
converter, a catch-all, a host name.
"""

from __future__ import annotations

import stat
from collections.abc import Collection, Sequence

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Host, Match, Mount, Router
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ASKED = "trinity_channels.asked"
"""In a scope that is only asked about: another guest of the application then answers without asking in turn."""
_Found = tuple[Match, BaseRoute | None]
_NOTHING: _Found = (Match.NONE, None)


class Application:
    """The routing of the application around the channels.

    Attributes:
        router: the application's.
    """

    def __init__(self, router: Router) -> None:
        self.router = router
        self._ours: set[int] = set()

    def leave_out(self, routes: Collection[BaseRoute]) -> None:
        """Routes that are in the application's list, and are not its own."""
        self._ours |= {id(one) for one in routes}

    def match(self, scope: Scope) -> _Found:
        """Whether the application answers a request without us, and the route that does.

        Returns:
            FULL if it answers the path with this method, be it by a redirect; PARTIAL if only with other methods.
        """
        asked = {**scope, ASKED: True}
        return _answering(self.router, [one for one in self.router.routes if id(one) not in self._ours], asked)


def _answering(router: Router, routes: Sequence[BaseRoute], scope: Scope) -> _Found:
    found = _first(routes, scope)
    path: str = scope["path"]
    # The framework prefers a redirect to the same path with or without a slash to "method not allowed" only where nothing
    # matches; ours would match.
    if found[0] is Match.NONE and router.redirect_slashes and path != "/":
        turned = path.rstrip("/") if path.endswith("/") else f"{path}/"
        redirected = _first(routes, {**scope, "path": turned})
        return redirected if redirected[0] is Match.FULL else _NOTHING
    return found


def _first(routes: Sequence[BaseRoute], scope: Scope) -> _Found:
    partial = _NOTHING
    for route in routes:
        match, child = route.matches(scope)
        if match is Match.FULL and isinstance(route, (Mount, Host)):
            # It matches everything below its path, or on its host; what is mounted there may not.
            match = _mounted(route, {**scope, **child})
        if match is Match.FULL:
            return match, route
        if match is Match.PARTIAL and partial is _NOTHING:
            partial = match, route
    return partial


def _mounted(route: Mount | Host, scope: Scope) -> Match:
    app = route.app
    if isinstance(app, Starlette):
        app = app.router
    if isinstance(app, Router):
        # With a default of its own, a router answers everything.
        default = app.default != app.not_found
        return Match.FULL if default else _answering(app, app.routes, scope)[0]
    # A subclass may answer with a page where there is no file.
    if type(app) is StaticFiles:
        return _file(app, scope)
    # Any other application may answer anything.
    return Match.FULL


def _file(files: StaticFiles, scope: Scope) -> Match:
    if scope["method"] not in ("GET", "HEAD"):
        return Match.NONE
    path = files.get_path(scope)
    try:
        _, found = files.lookup_path(path)
        if files.html and (found is None or stat.S_ISDIR(found.st_mode)):
            _, found = files.lookup_path(f"{path}/index.html")
    except (OSError, ValueError):  # its answer, too; the latter for a path with a NUL
        return Match.FULL
    return Match.FULL if found is not None and stat.S_ISREG(found.st_mode) else Match.NONE
