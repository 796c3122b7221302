"""Places the channels in an application, and tells what stays with it."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from trinity_channels.host import Host
from trinity_channels.inbound.webhook import Webhook
from trinity_channels.mounted.application import Application
from trinity_channels.mounted.door import Door
from trinity_channels.mounted.lifespan import HostLifespan
from trinity_channels.observability.log import MaskedRequests, get_logger
from trinity_channels.settings import PREFIX
from trinity_channels.web.route import LazyRoute

log = get_logger(__name__)

_SAMPLE = "trinity-channels-sample"
"""Stands for any agent, contact or key; an application that has a route for this word alone is not to be expected."""


class Guest:
    """A door before the application's routes, and behind them, for its description, ours that it does not answer.

    Args:
        app: the application.
        host: what is placed there.
        webhook: the webhooks' edge; None if the application is not to have them.
        routes: all other routes.
    """

    def __init__(self, app: FastAPI, host: Host, webhook: Webhook | None, routes: list[Route]) -> None:
        for one in [*app.router.routes]:
            if isinstance(one, Door) and one.leave:  # of a host that has run here before
                one.leave()
        self._app = app
        self._host = host
        self._lifespan = HostLifespan(app.router, host)
        self._webhook = webhook
        self._routes = routes
        self._logged: set[int] = set()
        self._raised = False
        self._requests = MaskedRequests()
        self._application = Application(app.router)
        self._door = Door(self._application, webhook, routes, self._log, host.unknown_webhooks.probes)
        self._described = [one for one in routes if isinstance(one, LazyRoute)]
        for one in self._described:
            one.only_describe()
        self._application.leave_out([self._door, *self._described])
        if webhook:
            webhook.share(self._answers)
        self._enter()
        self._describe(self._left())

    def opened(self) -> None:
        """The application has added its routes: describe those of ours that it does not answer, and tell which it does."""
        self._requests.begin()
        self._enter()
        left = self._left()
        self._describe(left)
        self._tell_overlooked()
        if left:
            self._logged |= set(left)
            routes = [f"{_words(one)}, answered by {_place(left[id(one)])}" for one in self._routes if id(one) in left]
            log.info("the application answers these routes itself", routes=routes)
        shared = self._webhook.routes() if self._webhook else []
        if paths := [one.path for one in shared if self._answers(self._sample(one, "POST"))]:
            channels = sorted({path.split("/")[2] for path in paths})
            log.info("the application has webhooks of these channels, too, and gets unknown keys", channels=channels)

    def closed(self) -> None:
        """Leave the application if the caller has opened the host, and so mounts it again when the lifespan runs again.

        The door stays until then.
        """
        self._requests.end()
        if self._lifespan.opens:
            return
        self._lifespan.leave()
        self._door.leave = self._leave
        self._describe(dict.fromkeys(map(id, self._described), self._door))

    def _leave(self) -> None:
        self._app.router.routes.remove(self._door)

    def _tell_overlooked(self) -> None:
        plugins = self._host.plugins
        if names := self._host.settings.overlooked(plugins[one].manifest.provider for one in plugins):
            log.warning(
                "variables without TRINITY_CHANNELS_ in front are the application's and do not count for the channels",
                ignored=names,
                fix=f"set {PREFIX.upper()}{names[0]} if the channels are to have it",
            )

    def _enter(self) -> None:
        routes = self._app.router.routes
        if self._door not in routes:
            routes.insert(0, self._door)
        self._door.leave = None

    def _answers(self, scope: Scope) -> bool:
        return self._asked(scope)[0] is Match.FULL

    def _left(self) -> dict[int, BaseRoute]:
        """The application's route that answers in place of one of ours, by the identity of ours."""
        found = {}
        for one in self._routes:
            for method in one.methods or ("GET",):
                match, route = self._asked(self._sample(one, method))
                if match is Match.FULL and route is not None:
                    found[id(one)] = route
        return found

    def _asked(self, scope: Scope) -> tuple[Match, BaseRoute | None]:
        """What the application's routing says; NONE if a route of its own raises, which must not keep us from starting."""
        try:
            return self._application.match(scope)
        except Exception as error:
            if not self._raised:  # once, for all of our routes are asked about
                self._raised = True
                cause = type(error).__name__
                log.warning("a route of the application cannot be asked what it answers", error=cause, exc_info=True)
            return Match.NONE, None

    def _sample(self, route: Route, method: str) -> Scope:
        """A request that the route answers, with all that servers and the application put into its scope."""
        path = route.path_format.format_map(dict.fromkeys(route.param_convertors, _SAMPLE))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
            "client": ("127.0.0.1", 0),
            "server": ("localhost", 80),
            "state": {},
            "app": self._app,
            "router": self._app.router,
        }

    def _describe(self, left: dict[int, BaseRoute]) -> None:
        ours = {id(one) for one in self._described}
        # Behind everything else: names of routes are looked up in this order.
        self._app.router.routes[:] = [
            *(one for one in self._app.router.routes if id(one) not in ours),
            *(one for one in self._described if id(one) not in left),
        ]
        self._app.openapi_schema = None  # it may have been made before

    def _log(self, ours: Route, theirs: BaseRoute) -> None:
        if id(ours) not in self._logged:
            self._logged.add(id(ours))
            log.info("the application answers this route itself", route=f"{_words(ours)}, answered by {_place(theirs)}")


def _words(route: Route) -> str:
    return f"{' '.join(sorted(route.methods or ('GET',)))} {route.path}"


def _place(route: BaseRoute) -> str:
    return str(getattr(route, "path", "") or "a router that it includes")
