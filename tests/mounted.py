"""The option `--mounted`: every world's host is mounted in the stand-in application, whose routes stay its own.

`--mounted=moved`: the platform's routers of channels, sharing and messages are left out, as they are once its bindings have
moved. All requests reach the host as in any application, but those for the three paths that the platform keeps.
`--mounted=beside`: the platform has all of its 22 routes, both webhooks among them.

Where both could answer, stories ask the channels, so the platform's glue hands these requests over: three paths when it has
moved, twenty beside it. They do not go through `Door` and `Guest`.
Tests about what only a host has that runs alone carry the mark `alone`, with the reason, and are left out.
"""

from __future__ import annotations

from collections.abc import Collection

from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.stand_in import StandIn
from trinity_channels.app import Host, Ports, mount_channels
from trinity_channels.routes import routers
from trinity_channels.settings import Settings
from trinity_channels.web import errors


class Glue:
    """Middleware of the platform: what its own API and that of the channels both answer, the channels do.

    Args:
        app: the platform behind it.
        platform: its routes.
        host: the channels.
    """

    def __init__(self, app: ASGIApp, platform: Collection[BaseRoute], host: Host) -> None:
        self._app = app
        self._platform = platform
        self._channels = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
        self._channels.add_exception_handler(Exception, errors.fault)  # as for our routes in the application itself
        self._channels.router.routes += [route for _, router in routers(host) for route in router.routes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shared = _answers(self._platform, scope) and _answers(self._channels.router.routes, scope)
        await (self._channels if shared else self._app)(scope, receive, send)


BESIDE = "beside"


def in_the_stand_in(settings: Settings, ports: Ports, mode: str = BESIDE) -> tuple[FastAPI, Host]:
    """A platform with the channels in it, which were mounted before it added its own routes."""
    app = FastAPI()
    host = mount_channels(app, ports, settings)
    alone = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for one in (app, alone):
        StandIn().add_routes(one, channels=mode == BESIDE)
    app.add_middleware(Glue, platform=alone.router.routes, host=host)
    app.add_api_route("/metrics", lambda: PlainTextResponse(host.metrics.render()))
    return app, host


def _answers(routes: Collection[BaseRoute], scope: Scope) -> bool:
    return scope["type"] == "http" and any(route.matches(scope)[0] is Match.FULL for route in routes)
