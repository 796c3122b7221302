"""A host's routes, alone or mounted into another FastAPI app."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from trinity_channels.host import Host
from trinity_channels.ports import Ports
from trinity_channels.routes import routers
from trinity_channels.settings import Settings
from trinity_channels.web import errors, reference
from trinity_channels.web.local import Entrance
from trinity_channels.web.pages.lazy import LazyPages, PageSite
from trinity_channels.web.probes import Probes
from trinity_channels.web.route import signature
from trinity_channels.webhooks_first import WebhooksFirst

__all__ = ["Host", "Ports", "create_app", "mount_channels"]

MOUNTED_PAGES = "/channels"
"""Where pages are in another application, which has pages of its own."""


def mount_channels(app: FastAPI, ports: Ports, settings: Settings) -> Host:
    """Add the channels to an application.

    Called before the application starts, the host starts and stops with its lifespan. Called within the lifespan, the caller
    opens it: `async with mount_channels(app, ports, settings): yield`.
    """
    host = Host(settings, ports)
    _mount(host, app)
    inner = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(scope: Any) -> AsyncIterator[Any]:
        # The host first: the application's own start may already use it.
        async with host, inner(scope) as state:
            yield state

    app.router.lifespan_context = lifespan
    return host


def create_app(settings: Settings, ports: Ports | None = None) -> tuple[FastAPI, Host]:
    """The application of a host that runs alone."""
    host = Host(settings, ports)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with host:
            yield

    # A redirect would lose a webhook: providers follow with GET or not at all.
    app = WebhooksFirst(
        host.webhook, title="trinity_channels", redirect_slashes=False, openapi_url=None, lifespan=lifespan
    )
    entrance = Entrance(host.guard, settings.open_docs, "TRINITY_CHANNELS_OPEN_DOCS")
    pages = _pages(host)
    app.router.routes += [*_routes(host, pages), *reference.routes(entrance, app.openapi)]
    app.add_exception_handler(HTTPException, errors.NoRoute(host.unknown_webhooks.probes.strayed, pages.missing))
    app.add_exception_handler(Exception, errors.fault)
    return app, host


def _mount(host: Host, app: FastAPI) -> None:
    """Add our routes to an app, except those it already has. The webhooks come first: they are the busiest."""
    # An application may replace any route of ours by defining it itself.
    owned = {signature(route) for route in app.routes if isinstance(route, Route)}
    for router in routers(host):
        router.routes[:] = [one for one in router.routes if isinstance(one, Route) and signature(one) not in owned]
        app.include_router(router)
    app.router.routes[:0] = [
        *host.webhook.routes(),
        *host.decision_pages.routes(),
        *_pages(host).routes(MOUNTED_PAGES),
    ]


def _routes(host: Host, pages: LazyPages) -> list[BaseRoute]:
    """The same for an app that has nothing of its own: to include routers there would build every route twice."""
    api = [route for router in routers(host) for route in router.routes]
    return [*host.webhook.routes(), *host.decision_pages.routes(), *api, *_probes(host), *pages.routes("")]


def _probes(host: Host) -> list[Route]:
    """The routes that only a host has which runs alone."""
    entrance = Entrance(host.guard, host.settings.open_monitoring, "TRINITY_CHANNELS_OPEN_MONITORING")
    return Probes(
        plugins=host.plugins,
        opened=host.bindings,
        metrics=host.metrics,
        running=lambda: host.running,
        unknown=host.unknown_webhooks.last_day,
        entrance=entrance,
    ).routes()


def _pages(host: Host) -> LazyPages:
    """The pages, which are built when the first one is asked for."""
    pages = LazyPages(
        host.settings.pages_path, lambda prefix: _page_site(host, prefix), host.unknown_webhooks.probes.strayed
    )
    host.leaving.append(pages.stop)
    return pages


def _page_site(host: Host, prefix: str) -> PageSite:
    from trinity_channels.page_routes import site  # noqa: PLC0415  templates and pages, which only some hosts show

    return site(host, prefix)
