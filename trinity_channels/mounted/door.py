"""The one route through which requests come to the channels in another application."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from trinity_channels.inbound.way_in.probes import Probes
from trinity_channels.inbound.webhook import Webhook
from trinity_channels.inbound.webhook_keys import NotOurs
from trinity_channels.mounted.application import ASKED, Application
from trinity_channels.web import errors

_CHOSEN = "trinity_channels.chosen"
_BEHIND_A_NAME = 4
"""The place of `share` in `/api/agents/{name}/share`."""
_PASSED = "trinity_channels.passed"
"""In the scope of a webhook that is not ours: the doors that stay closed for it."""


class Door(BaseRoute):
    """Stands first among the application's routes, and opens only for what the application does not answer.

    A webhook is different: its key says whose it is, so that both may have keys below one path. It is looked up first, and
    an unknown one is passed on to the application.

    Args:
        application: asked before each of our routes answers.
        webhook: the webhooks' edge; None if the application is not to have them.
        routes: all others.
        answered_elsewhere: called with a route of ours and the application's that answers in its place.
        probes: our own requests that are on their way; they may come with a path that a proxy has changed.

    Attributes:
        leave: takes it out of the application, once the host has stopped and is not to start there again. Until then it
            stays, so that the application does not acknowledge webhooks of ours that come while no host runs.
    """

    # Programs that list an application's routes read these.
    path = ""
    name = "trinity_channels"
    methods: frozenset[str] = frozenset()
    include_in_schema = False

    def __init__(
        self,
        application: Application,
        webhook: Webhook | None,
        routes: Sequence[Route],
        answered_elsewhere: Callable[[Route, BaseRoute], None],
        probes: Probes,
    ) -> None:
        self._application = application
        self._webhook = webhook
        self._webhook_routes = webhook.routes() if webhook else []
        self._answered_elsewhere = answered_elsewhere
        self._probes = probes
        self.leave: Callable[[], None] | None = None
        self._by_head: dict[str, list[Route]] = defaultdict(list)
        for route in [*self._webhook_routes, *routes]:
            self._by_head[_literal_head(route.path)].append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is ours."""
        if scope["type"] != "http" or self in scope.get(_PASSED, ()):
            return Match.NONE, {}
        if self._webhook and "/webhook/" in scope["path"]:
            own = {**scope}  # it notes the key there, and the application must not see it
            if (endpoint := self._webhook.endpoint(own)) is not None:
                return Match.FULL, {_CHOSEN: (endpoint, own)}
        match, route, child = self._own(scope)
        if route is None:
            if self._probes.expected:
                self._probes.strayed(Request(scope))
            return Match.NONE, {}
        if match is Match.FULL and route in self._webhook_routes:
            return match, {_CHOSEN: (route.handle, {**scope, **child})}
        if ASKED not in scope:
            theirs, answering = self._application.match(scope)
            if theirs is Match.FULL and answering is not None:
                self._answered_elsewhere(route, answering)
            # Where neither has the method, its "method not allowed" names its own.
            if theirs is Match.FULL or (theirs is Match.PARTIAL and match is Match.PARTIAL):
                return Match.NONE, {}
        return match, {**child, "route": route, _CHOSEN: (_Answering(route), None)}

    def _own(self, scope: Scope) -> tuple[Match, Route | None, dict[str, Any]]:
        partial: tuple[Match, Route | None, dict[str, Any]] = Match.NONE, None, {}
        for route in self._candidates(scope):
            # Not the method of the route itself: those that the application lists match nothing.
            match, child = Route.matches(route, scope)
            if match is Match.FULL:
                return match, route, dict(child)
            if match is Match.PARTIAL and partial[1] is None:
                partial = match, route, dict(child)
        return partial

    def _candidates(self, scope: Scope) -> Sequence[Route]:
        if scope.get("root_path"):
            return [one for routes in self._by_head.values() for one in routes]
        # The application's requests come here first, and nearly all of them end here.
        return [route for head in _heads(scope["path"]) for route in self._by_head.get(head, ())]

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that matched."""
        app: ASGIApp
        app, own = scope.pop(_CHOSEN)
        try:
            await app(scope if own is None else own, receive, send)
        except NotOurs:
            scope.pop("route", None)
            scope[_PASSED] = (self, *scope.get(_PASSED, ()))
            # Not the router itself, whose middleware the request has passed already.
            await self._application.router.app(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """Names are the application's."""
        raise NoMatchFound(name, path_params)


def _heads(path: str) -> list[str]:
    """What routes are looked up by: a path's literal beginning, and the word behind an agent's name."""
    parts = path.split("/", 5)
    heads = ["/".join(parts[:3]), "/".join(parts[:2])]
    return [f"{heads[0]}/*/{parts[4]}", *heads] if len(parts) > _BEHIND_A_NAME else heads


def _literal_head(path: str) -> str:
    parts = path.split("/", 5)
    if "{" in "".join(parts[:3]):
        return "/".join(parts[:2])
    behind = len(parts) > _BEHIND_A_NAME and "{" in parts[3] and "{" not in parts[4] and ":" not in parts[3]
    return _heads(path)[0 if behind or len(parts) <= _BEHIND_A_NAME else 1]


class _Answering:
    """A route whose errors all have our shape; faults go on to the application's own handlers, and to its logs."""

    def __init__(self, route: Route) -> None:
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await ServerErrorMiddleware(self._translated, errors.fault)(scope, receive, send)

    async def _translated(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._route.handle(scope, receive, send)
        except HTTPException as error:  # the route has another method
            refused = errors.translate(error)
            if refused is None:
                raise
            await errors.respond(refused)(scope, receive, send)
