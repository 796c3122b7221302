"""Whatever the application around the channels answers stays its own, in whichever way it routes requests."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from freezegun.api import FrozenDateTimeFactory
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route, Router
from starlette.routing import Host as HostRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from tests import database
from tests.mounting import founded, mount, running
from tests.world import PUBLIC
from trinity_channels.route_groups import Group
from trinity_channels.settings import Settings

THEIRS = "the application's"


@pytest.fixture
def settings(tmp_path: Path, clock: FrozenDateTimeFactory) -> Settings:
    assert clock
    return founded(tmp_path)


theirs = PlainTextResponse(THEIRS)
"""An ASGI application that answers anything."""


def endpoint() -> Response:
    return PlainTextResponse(THEIRS)


def route(path: str, *methods: str) -> Route:
    return Route(path, theirs, methods=methods or ("GET",))


class Page(StaticFiles):
    """Answers with a page of its own where there is no file, as applications in one page are served."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        return PlainTextResponse(f"{THEIRS} {path} {scope['method']}")


class Passing:
    """A layer that changes nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def included(path: str, method: str, *, prefix: str = "") -> Callable[[FastAPI], None]:
    def add(app: FastAPI) -> None:
        inner, outer = APIRouter(), APIRouter()
        inner.add_api_route(path, endpoint, methods=[method], include_in_schema=False)
        outer.include_router(inner, prefix=prefix)
        app.include_router(outer)

    return add


def listed(*routes: Any) -> Callable[[FastAPI], None]:
    return lambda app: app.router.routes.extend(routes)


SHARES = "/api/agents/support/shares"
CASES: dict[str, tuple[Callable[[FastAPI], None], str, str]] = {
    "the same path": (included("/api/agents/{name}/shares", "GET"), "GET", SHARES),
    "another parameter name": (included("/api/agents/{agent_name}/shares", "GET"), "GET", SHARES),
    "a prefix and nested routers": (included("/{a}/shares", "GET", prefix="/api/agents"), "GET", SHARES),
    "all of it in parameters": (included("/{a}/{b}/{c}/{d}", "GET"), "GET", SHARES),
    "a path of any length": (included("/api/{rest:path}", "GET"), "GET", SHARES),
    "a number where ours takes any name": (
        included("/api/agents/{n:int}/shares", "GET"),
        "GET",
        "/api/agents/7/shares",
    ),
    "one name only": (included("/api/agents/support/shares", "GET"), "GET", SHARES),
    "everything": (listed(route("/{rest:path}", "GET", "PUT")), "GET", SHARES),
    "everything, pages too": (listed(route("/{rest:path}")), "GET", "/channels/agents"),
    "a page where ours are": (included("/channels", "GET"), "GET", "/channels"),
    "any method": (listed(Route("/api/agents/{a}/shares", theirs)), "GET", SHARES),
    "a mounted ASGI application": (listed(Mount("/api/agents", theirs)), "GET", SHARES),
    "a mounted FastAPI application": (
        lambda app: app.mount("/api", _application("/agents/{x}/shares")),
        "GET",
        SHARES,
    ),
    "a mounted application in a mounted one": (
        listed(Mount("/api", Starlette(routes=[Mount("/agents", Router([route("/{x}/shares")]))]))),
        "GET",
        SHARES,
    ),
    "a mount with middleware": (
        listed(Mount("/api", routes=[route("/agents/{x}/shares")], middleware=[Middleware(Passing)])),
        "GET",
        SHARES,
    ),
    "a mounted router that answers the rest itself": (
        listed(Mount("/api", Router([route("/x")], default=theirs))),
        "GET",
        SHARES,
    ),
    "a host of its own": (
        listed(HostRoute("chat.example.org", Router([route("/api/agents/{x}/shares")]))),
        "GET",
        SHARES,
    ),
    "files with a page for the rest": (lambda app: app.mount("/", Page(check_dir=False)), "GET", "/channels/agents"),
    "a slash at the end": (included("/api/agents/{x}/shares/", "GET"), "GET", SHARES),
    "a webhook": (included("/api/slack/webhook/{key}", "POST"), "POST", "/api/slack/webhook/unknown"),
    "a webhook of any channel": (
        included("/api/{channel}/webhook/{key}", "POST"),
        "POST",
        "/api/slack/webhook/unknown",
    ),
    "a webhook asked with GET": (included("/api/slack/webhook/{key}", "GET"), "GET", "/api/slack/webhook/unknown"),
    "a webhook in a mounted application": (
        listed(Mount("/api", Router([route("/slack/webhook/{k}", "POST")]))),
        "POST",
        "/api/slack/webhook/unknown",
    ),
    "a webhook with a slash": (included("/api/slack/webhook/{key}/", "POST"), "POST", "/api/slack/webhook/unknown/"),
}


def _application(path: str) -> FastAPI:
    app = FastAPI()
    app.add_api_route(path, endpoint)
    return app


def _mounted(add: Callable[[FastAPI], None], settings: Settings, *, first: bool) -> FastAPI:
    """An application with routes of its own, added after the channels were mounted, or before."""
    app = FastAPI()
    if not first:
        add(app)
    mount(app, settings)
    if first:
        add(app)
    return app


@pytest.mark.parametrize("first", [True, False], ids=["mounted first", "mounted last"])
@pytest.mark.parametrize("case", CASES)
async def test_what_the_application_answers_is_left_to_it(settings: Settings, case: str, first: bool) -> None:
    add, method, path = CASES[case]
    app = _mounted(add, settings, first=first)

    async with running(app) as client:
        answer = await client.request(method, path)
        followed = await client.request(method, path, follow_redirects=True)

    assert answer.status_code in (200, 307)
    assert followed.text.startswith(THEIRS) or followed.json() == THEIRS


OTHERS: dict[str, tuple[Callable[[FastAPI], None], str, str]] = {
    "the path with another method": (included("/api/agents/{name}/access-policy", "DELETE"), "GET", "/access-policy"),
    "a longer path": (included("/api/agents/{name}/shares/{more}", "GET"), "GET", "/shares"),
    "a number only": (included("/api/agents/{n:int}/shares", "GET"), "GET", "/shares"),
    "a mounted application without the path": (lambda app: app.mount("/api", _application("/x")), "GET", "/shares"),
    "another host": (listed(HostRoute("other.example.org", theirs)), "GET", "/shares"),
    "files that are not there": (
        lambda app: app.mount("/", StaticFiles(directory=Path(__file__).parent)),
        "GET",
        "/shares",
    ),
}


@pytest.mark.parametrize("first", [True, False], ids=["mounted first", "mounted last"])
@pytest.mark.parametrize("case", OTHERS)
async def test_what_it_does_not_answer_is_ours(settings: Settings, case: str, first: bool) -> None:
    add, method, path = OTHERS[case]
    app = _mounted(add, settings, first=first)

    async with running(app) as client:
        answer = await client.request(method, f"/api/agents/support{path}")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


async def test_files_that_are_there_are_the_applications(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "site" / "channels"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(THEIRS)
    app = FastAPI()
    mount(app, settings)
    app.mount("/", StaticFiles(directory=tmp_path / "site", html=True))

    async with running(app) as client:
        file, page = await client.get("/channels/"), await client.get("/channels/agents")
        posted = await client.post("/api/slack/webhook/unknown")

    assert file.text == THEIRS
    assert "support" in page.text
    assert posted.status_code == 200


async def test_a_path_with_a_nul_is_answered_as_without_us(settings: Settings, tmp_path: Path) -> None:
    alone, both = FastAPI(), FastAPI()
    mount(both, settings)
    statuses = []
    for app in (alone, both):
        app.mount("/", StaticFiles(directory=tmp_path))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # older versions of Starlette raise
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            statuses.append((await client.get("/channels/%00")).status_code)

    assert statuses[0] == statuses[1]


async def test_routes_that_are_added_while_it_runs_count(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()
    mount(app, settings)

    async with running(app) as client:
        ours = await client.get(SHARES)
        app.add_api_route("/api/agents/{x}/shares", endpoint)
        with caplog.at_level(logging.INFO):
            answers = [(await client.get(SHARES)).text for _ in range(2)]

    assert ours.json() == []
    assert answers == [THEIRS] * 2
    assert caplog.text.count("/api/agents/{x}/shares") == 1


async def test_the_log_lists_what_is_left_to_the_application(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastAPI()
    mount(app, settings)
    included("/api/agents/{agent_name}/share", "POST")(app)
    included("/api/slack/webhook/{secret}", "POST")(app)

    with caplog.at_level(logging.INFO):
        async with running(app):
            pass

    # By a router, or by its route: older versions of FastAPI copy the routes of a router that is included.
    assert "POST /api/agents/{name}/share, answered by " in caplog.text
    assert 'channels=["slack"]' in caplog.text
    assert "/api/agents/{name}/shares" not in caplog.text


async def test_the_description_names_each_route_once(settings: Settings) -> None:
    app = FastAPI()
    mount(app, settings)
    app.add_api_route("/api/agents/{agent_name}/shares", endpoint)
    app.openapi()

    async with running(app) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]

    assert "/api/agents/{agent_name}/shares" in paths
    assert "/api/agents/{name}/shares" not in paths
    assert "/api/agents/{name}/access-policy" in paths


async def test_the_applications_names_of_routes_lead_to_its_own(settings: Settings) -> None:
    app = FastAPI()
    mount(app, settings)
    name = next(getattr(one, "name", "") for one in app.router.routes if getattr(one, "path", "").endswith("/shares"))
    app.add_api_route("/elsewhere", endpoint, name=name)

    async with running(app):
        assert app.url_path_for(name) == "/elsewhere"


class Unusual(BaseRoute):
    """Looks at what a server says of each request."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        request = HTTPConnection(scope)
        assert request.client
        assert request.url.hostname == request.headers["host"]
        assert request.app
        assert scope["asgi"]["version"]
        assert scope["http_version"] == "1.1"
        assert scope["server"][0]
        assert scope["raw_path"].startswith(b"/")
        return (Match.FULL, {}) if scope["path"].endswith("/shares") else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await theirs(scope, receive, send)


class Broken(BaseRoute):
    """Raises, except for the requests that it knows."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if b"x-known" not in dict(scope.get("headers", ())):
            raise KeyError("x-known")
        return Match.NONE, {}


@pytest.mark.parametrize("first", [True, False], ids=["mounted first", "mounted last"])
async def test_an_unusual_route_is_asked_about_complete_requests(
    settings: Settings, first: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        app = _mounted(listed(Unusual()), settings, first=first)
        async with running(app) as client:
            answer, other = await client.get(SHARES), await client.get("/api/agents/support/access-policy")

    assert (answer.text, other.status_code) == (THEIRS, 200)
    assert "GET /api/agents/{name}/shares, answered by " in caplog.text
    assert "cannot be asked" not in caplog.text


@pytest.mark.parametrize("first", [True, False], ids=["mounted first", "mounted last"])
async def test_a_route_that_raises_keeps_the_host_from_nothing(
    settings: Settings, first: bool, caplog: pytest.LogCaptureFixture
) -> None:
    known = {"X-Known": "yes"}
    app = _mounted(listed(Broken(), route(SHARES)), settings, first=first)

    async with running(app) as client:
        ours = await client.get("/api/agents/support/access-policy", headers=known)
        answer = await client.get(SHARES, headers=known)

    assert (ours.status_code, answer.text) == (200, THEIRS)
    assert caplog.text.count("a route of the application cannot be asked") == 1


PROBES = {
    "webhooks": ("POST", "/api/slack/webhook/unknown"),
    "channels": ("GET", "/api/agents/support/slack"),
    "access": ("GET", "/api/agents/support/access-policy"),
    "people": ("GET", "/api/agents/support/clients"),
    "messages": ("GET", "/api/agents/support/deliveries"),
    "settings": ("GET", "/api/settings"),
    "pages": ("GET", "/channels/agents"),
}


@pytest.mark.parametrize("chosen", [*PROBES, ""])
async def test_the_caller_chooses_groups_of_routes(settings: Settings, chosen: str) -> None:
    app = FastAPI()
    mount(app, settings, routes={chosen} - {""})

    async with running(app) as client:
        statuses = {group: (await client.request(*probe)).status_code for group, probe in PROBES.items()}

    assert {group for group, status in statuses.items() if status != 404} == {chosen} - {""}


def test_there_are_seven_groups() -> None:
    assert set(PROBES) == set(Group)


@pytest.mark.parametrize("routes", [{"webhooks", "chanels"}, "webhooks", ["pages", "API"]])
def test_an_unknown_group_is_refused_by_name(settings: Settings, routes: Any) -> None:
    with pytest.raises(ValueError, match=r"Unknown group of routes: (chanels|webhooks|API)\. .*webhooks, channels"):
        mount(FastAPI(), settings, routes=routes)


async def test_two_hosts_in_one_application_share_its_webhooks(settings: Settings, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    database.found(other)
    app = FastAPI()
    one = mount(app, settings, routes={"webhooks"})
    two = mount(
        app,
        settings.model_copy(update={"database_url": SecretStr(f"sqlite:///{other / database.NAME}"), "home": other}),
        routes={"webhooks"},
    )

    async with running(app) as client:
        answer = await client.post("/api/slack/webhook/unknown")
        unknown = [await host.unknown_webhooks.last_day() for host in (one, two)]

    assert answer.status_code == 200
    assert sorted(unknown) == [0, 1]
