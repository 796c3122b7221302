"""A host's routes, alone or mounted into another FastAPI app."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection
from functools import partial

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from trinity_channels.host import Host
from trinity_channels.ports import Ports
from trinity_channels.role import Role
from trinity_channels.route_groups import Group
from trinity_channels.settings import Settings
from trinity_channels.store import backlog
from trinity_channels.web import errors, reference
from trinity_channels.web.local import Entrance
from trinity_channels.web.pages.lazy import LazyPages, PageSite
from trinity_channels.web.probes import Probes
from trinity_channels.webhooks_first import WebhooksFirst

__all__ = ["Host", "Ports", "create_app", "mount_channels"]

MOUNTED_PAGES = "/channels"
"""Where pages are in another application, which has pages of its own."""


def mount_channels(app: FastAPI, ports: Ports, settings: Settings, routes: Collection[str] = tuple(Group)) -> Host:
    """Add the channels to an application, which keeps every path that it answers itself, now or later.

    Called before the application starts, the host starts and stops with its lifespan. Called within the lifespan, the caller
    opens it: `async with mount_channels(app, ports, settings): yield`.

    Args:
        app: the application. Whether its own routes are added before or after does not matter.
        ports: what it provides.
        settings: those of the channels.
        routes: the groups of routes to add, of those in `Group`; all by default.

    Raises:
        ValueError: there is no such group.
    """
    from trinity_channels.mounted.guest import Guest  # noqa: PLC0415  a host that runs alone needs none of it

    groups = _groups(routes)
    host = Host(settings, ports)
    webhook = host.webhook if Group.WEBHOOKS in groups else None
    host.place = Guest(app, host, webhook, _guest_routes(host, groups))
    return host


def _groups(names: Collection[str]) -> frozenset[Group]:
    unknown = sorted(set(names) - set(Group))
    if isinstance(names, str) or unknown:
        given = names if isinstance(names, str) else ", ".join(unknown)
        raise ValueError(f"Unknown group of routes: {given}. `routes` takes a set of {', '.join(Group)}.")
    return frozenset(Group(one) for one in names)


def create_app(settings: Settings, ports: Ports | None = None, role: Role = Role.BOTH) -> tuple[FastAPI, Host]:
    """The application of a host that runs alone.

    Raises:
        SettingsError: the database cannot have a process that only receives.
    """
    host = Host(settings, ports, role)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with host:
            yield

    pages = _pages(host)

    def rest(app: FastAPI) -> list[BaseRoute]:
        entrance = Entrance(host.guard, settings.open_docs, "TRINITY_CHANNELS_OPEN_DOCS")
        return [*_api(host, tuple(Group)), *pages.routes(""), *reference.routes(entrance, app.openapi)]

    # A redirect would lose a webhook: providers follow with GET or not at all.
    app = WebhooksFirst(
        host.webhook, rest, title="trinity_channels", redirect_slashes=False, openapi_url=None, lifespan=lifespan
    )
    app.router.routes += [*host.webhook.routes(), *host.decision_pages.routes(), *_probes(host)]
    app.add_exception_handler(HTTPException, errors.NoRoute(host.unknown_webhooks.probes.strayed, pages.missing))
    app.add_exception_handler(Exception, errors.fault)
    return app, host


def create_worker(settings: Settings, ports: Ports | None = None) -> tuple[Starlette, Host]:
    """A host that only works, and the application of its probes; the caller opens the host.

    Raises:
        SettingsError: the database cannot have such a process.
    """
    host = Host(settings, ports, Role.WORKER)
    return Starlette(routes=_probes(host)), host


def _guest_routes(host: Host, groups: Collection[Group]) -> list[Route]:
    """What another application takes of us, beside the webhooks."""
    routes = _api(host, groups)
    if Group.WEBHOOKS in groups:
        routes += host.decision_pages.routes()
    if Group.PAGES in groups:
        routes += _pages(host).routes(MOUNTED_PAGES)
    return routes


def _api(host: Host, groups: Collection[Group]) -> list[Route]:
    """The routes of the JSON API; to include its routers would build every route twice."""
    from trinity_channels.routes import routers  # noqa: PLC0415  a tenth of the start, and hosts begin with webhooks

    return [route for group, router in routers(host) if group in groups for route in router.routes]


async def _waiting(host: Host) -> float:
    since = await host.store.lookup(backlog.oldest)
    return 0 if since is None else max(0, (host.now() - since).total_seconds())


def _probes(host: Host) -> list[Route]:
    """The routes that only a host has which runs alone."""
    entrance = Entrance(host.guard, host.settings.open_monitoring, "TRINITY_CHANNELS_OPEN_MONITORING")
    return Probes(
        plugins=host.plugins,
        readiness=host.readiness,
        metrics=host.metrics,
        unknown=host.unknown_webhooks.last_day,
        waiting=partial(_waiting, host),
        entrance=entrance,
    ).routes()


def _pages(host: Host) -> LazyPages:
    """The pages, which are built when the first one is asked for."""
    pages = LazyPages(
        host.settings.pages_path, lambda prefix: _page_site(host, prefix), host.unknown_webhooks.probes.strayed
    )
    host.lasting.append(pages)
    return pages


def _page_site(host: Host, prefix: str) -> PageSite:
    from trinity_channels.page_routes import site  # noqa: PLC0415  templates and pages, which only some hosts show

    return site(host, prefix)
