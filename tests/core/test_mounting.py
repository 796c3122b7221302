"""The channels as a guest in another FastAPI application, which keeps its own users, shares and manners."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Request
from freezegun.api import FrozenDateTimeFactory
from starlette.requests import HTTPConnection

from tests import database
from tests.pages.clients import OWN
from tests.world import KEY, OWNER, PUBLIC, START
from trinity_channels.app import Host, Ports, mount_channels
from trinity_channels.settings import Settings
from trinity_channels.store.access import Share
from trinity_channels.web.auth import Principal, Role
from trinity_channels.web.pages import sharing

BOSS = {"X-User": OWNER}


class Users:
    """The application's own people: only requests that name a user."""

    async def principal(self, request: HTTPConnection) -> Principal | None:
        name = request.headers.get("x-user")
        return Principal(Role.USER, name) if name else None


class Roster:
    """The application's own agents and shares."""

    def __init__(self) -> None:
        self.shared: dict[str, Share] = {}

    async def agents(self, owner: str | None) -> list[str]:
        return ["support"] if owner in (None, OWNER) else []

    async def owner(self, agent: str) -> str | None:
        return OWNER if agent == "support" else None

    async def may_use(self, agent: str, email: str) -> bool:
        return agent == "support" and (email == OWNER or email in self.shared)

    async def shares(self, agent: str) -> list[Share]:
        return list(self.shared.values()) if agent == "support" else []

    async def grant(self, agent: str, email: str, *, by: str, principal: Principal) -> bool:
        assert principal
        new = agent == "support" and email not in self.shared
        self.shared[email] = Share(email, allow_proactive=False, created_by=by, created_at=START)
        return new

    async def revoke(self, agent: str, email: str, *, principal: Principal) -> bool:
        return principal is not None and agent == "support" and self.shared.pop(email, None) is not None

    async def consent(self, agent: str, email: str, *, allow: bool, principal: Principal) -> bool:
        return principal is not None and agent == "support" and email in self.shared and allow is not None


def platform(lifespan: Callable[[FastAPI], Any] | None = None) -> FastAPI:
    """An application with routes and errors of its own."""
    app = FastAPI(lifespan=lifespan)

    @app.get("/api/agents/{name}/shares")
    async def shares(name: str) -> dict[str, str]:
        return {"the platform's shares of": name}

    @app.post("/api/agents/{agent_name}/share")
    async def share(agent_name: str) -> dict[str, str]:
        return {"the platform shares": agent_name}

    @app.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418, "I am the platform's teapot")

    @app.post("/echo")
    async def echo(request: Request) -> int:
        return len(await request.body())

    @app.get("/number/{value}")
    async def number(value: int) -> int:
        return value

    return app


@contextlib.asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The application as a server runs it: its lifespan, then requests."""
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as client,
    ):
        yield client


@pytest.fixture
def settings(tmp_path: Path, clock: FrozenDateTimeFactory) -> Settings:
    assert clock
    database.found(tmp_path)
    return Settings.load(trinity_channels_home=tmp_path, public_chat_url=PUBLIC, credential_encryption_key=KEY)


def before_start(settings: Settings) -> FastAPI:
    """Mounted before the application starts."""
    app = platform()
    mount_channels(app, Ports(directory=Roster(), authenticator=Users()), settings)
    return app


def within_lifespan(settings: Settings) -> FastAPI:
    """Mounted by the application's own lifespan."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with mount_channels(app, Ports(directory=Roster(), authenticator=Users()), settings):
            yield

    return platform(lifespan)


@pytest.fixture(params=[before_start, within_lifespan])
async def client(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with running(request.param(settings)) as made:
        yield made


async def test_the_channels_answer(client: httpx.AsyncClient) -> None:
    probe = await client.post("/api/whatsapp/webhook/test")
    status = await client.get("/api/agents/support/whatsapp", headers=BOSS)

    assert (probe.status_code, status.status_code) == (200, 200)
    assert status.json()["configured"] is False


async def test_the_platforms_users_and_agents_count(client: httpx.AsyncClient) -> None:
    anonymous = await client.get("/api/agents/support/whatsapp")
    stranger = await client.get("/api/agents/support/whatsapp", headers={"X-User": "zoe@example.org"})
    missing = await client.get("/api/agents/sales/whatsapp", headers=BOSS)

    assert [answer.status_code for answer in (anonymous, stranger, missing)] == [401, 404, 404]
    assert anonymous.json()["code"] == "unauthorized"
    assert stranger.json() == missing.json()


async def test_the_platforms_agents_are_listed_to_their_owner(client: httpx.AsyncClient) -> None:
    boss = await client.get("/api/agents", headers=BOSS)
    stranger = await client.get("/api/agents", headers={"X-User": "zoe@example.org"})

    assert [one["name"] for one in boss.json()] == ["support"]
    assert stranger.json() == []


async def test_our_errors_keep_our_shape(client: httpx.AsyncClient) -> None:
    wrong = await client.put("/api/agents/support/access-policy", json={"policy": "closed"}, headers=BOSS)

    assert (wrong.status_code, wrong.json()["code"], wrong.json()["field"]) == (422, "invalid_input", "policy")


async def test_the_platforms_own_routes_and_errors_stay_as_they_were(client: httpx.AsyncClient) -> None:
    shares = await client.get("/api/agents/support/shares", headers=BOSS)
    teapot = await client.get("/teapot")
    number = await client.get("/number/x")
    nowhere = await client.get("/nowhere")

    assert shares.json() == {"the platform's shares of": "support"}
    assert (teapot.status_code, teapot.json()) == (418, {"detail": "I am the platform's teapot"})
    assert number.json()["detail"][0]["type"] == "int_parsing"
    assert nowhere.json() == {"detail": "Not Found"}


async def test_only_our_answers_carry_our_headers(client: httpx.AsyncClient) -> None:
    ours = await client.get("/api/agents/support/whatsapp", headers=BOSS)
    refused = await client.get("/api/agents/support/whatsapp")
    theirs = [await client.get(path) for path in ("/api/agents/support/shares", "/nowhere", "/docs", "/openapi.json")]

    assert {answer.headers["cache-control"] for answer in (ours, refused)} == {"no-store"}
    assert {answer.headers["x-content-type-options"] for answer in (ours, refused)} == {"nosniff"}
    assert [answer.status_code for answer in theirs] == [200, 404, 200, 200]
    assert [answer for answer in theirs if {"cache-control", "x-content-type-options"} & set(answer.headers)] == []


async def test_only_our_routes_are_described_with_our_token(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]

    assert "security" in paths["/api/agents/{name}/whatsapp"]["get"]
    assert "security" not in paths["/teapot"]["get"]


async def test_an_application_with_users_of_its_own_has_no_tokens_of_ours(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/tokens", headers=BOSS)).json() == {"detail": "Not Found"}


async def test_only_our_routes_limit_a_body_and_ask_who_it_is_first(client: httpx.AsyncClient) -> None:
    ours = await client.put("/api/agents/support/access-policy", content=b"{" * 300_000)
    theirs = await client.post("/echo", content=b"{" * 300_000)
    stranger = await client.put("/api/agents/support/access-policy", content=b"{" * 100_000)

    assert (ours.status_code, stranger.status_code) == (413, 401)
    assert theirs.json() == 300_000


async def test_routes_that_the_platform_owns_are_not_registered_again(client: httpx.AsyncClient) -> None:
    share = await client.post("/api/agents/support/share", json={"email": "zoe@example.org"}, headers=BOSS)
    paths = (await client.get("/openapi.json")).json()["paths"]

    assert share.json() == {"the platform shares": "support"}
    assert "/api/agents/{name}/share" not in paths
    assert "/healthz" not in paths


async def test_the_host_ends_with_the_application(settings: Settings) -> None:
    for _ in range(2):  # the file would be locked
        app = before_start(settings)
        async with running(app) as client:
            assert (await client.post("/api/whatsapp/webhook/test")).status_code == 200


async def test_the_applications_own_lifespan_still_runs(settings: Settings) -> None:
    seen = []

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, str]]:
        seen.append("up")
        yield {"of": "the platform"}
        seen.append("down")

    app = platform(lifespan)
    host = mount_channels(app, Ports(directory=Roster(), authenticator=Users()), settings)
    assert isinstance(host, Host)
    async with app.router.lifespan_context(app) as state:
        assert state == {"of": "the platform"}

    assert seen == ["up", "down"]


async def test_pages_lie_below_a_path_of_their_own_and_the_platforms_authenticator_decides(
    client: httpx.AsyncClient,
) -> None:
    nobody = await client.get("/channels/agents")
    boss = await client.get("/channels/agents", headers=BOSS)
    stranger = await client.get("/channels/agents", headers={"X-User": "zoe@example.org"})
    sign_in = await client.get("/channels/signin", headers=BOSS)
    sign_out = await client.post("/channels/signout", headers=BOSS | OWN)
    platform_owns = [await client.get(path, headers=BOSS) for path in ("/agents", "/signin", "/")]

    assert nobody.status_code == 401
    assert "Sign in to the application" in nobody.text
    assert 'href="/channels/agents/support"' in boss.text
    assert f"curl {PUBLIC}/api/agents" in boss.text
    assert "Sign out" not in boss.text
    assert "/agents/support" not in stranger.text
    assert "You own no agent yet" in stranger.text
    assert [answer.headers["location"] for answer in (sign_in, sign_out)] == ["/channels/agents"] * 2
    assert [answer.json() for answer in platform_owns] == [{"detail": "Not Found"}] * 3


async def test_a_token_that_was_entered_is_asked_about_with_the_state_of_the_application(settings: Settings) -> None:
    class Sessions:
        async def principal(self, request: HTTPConnection) -> Principal | None:
            name = request.state.users.get(request.headers.get("authorization"))
            return Principal(Role.USER, name) if name else None

    app = platform()

    @app.middleware("http")
    async def state(request: Request, call_next: Any) -> Any:
        request.state.users = {"Bearer fake-boss": OWNER}
        return await call_next(request)

    mount_channels(app, Ports(directory=Roster(), authenticator=Sessions()), settings)
    async with running(app) as client:
        entered = await client.post("/channels/signin/token", headers=OWN, data={"token": "fake-boss"})
        page = await client.get("/channels/agents")

    assert entered.status_code == 303
    assert 'href="/channels/agents/support"' in page.text


async def test_the_platforms_own_shares_are_listed_in_pages(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "PEOPLE", 2)
    for number in (2, 0, 1):
        form = {"email": f"person{number}@example.org"}
        await client.post("/channels/agents/support/people", headers=BOSS | OWN, data=form)

    first = (await client.get("/channels/agents/support", headers=BOSS)).text
    second = (await client.get("/channels/agents/support?people=person1%40example.org", headers=BOSS)).text

    def listed(html: str) -> list[str]:
        return re.findall(r"Remove (person\d)@", html)

    assert (listed(first), listed(second)) == (["person0", "person1"], ["person2"])
    assert "?people=person1%40example.org#people" in first
    assert "3 in all" in first


async def test_forms_of_other_sites_do_nothing_there_either(client: httpx.AsyncClient) -> None:
    refused = await client.post("/channels/appearance", headers={**BOSS, "Sec-Fetch-Site": "cross-site"})
    taken = await client.post("/channels/appearance", headers={**BOSS, "Sec-Fetch-Site": "same-origin"})

    assert (refused.status_code, taken.status_code) == (403, 303)
    assert taken.headers["location"] == "/channels/agents"


async def test_pages_of_an_application_that_is_mounted_itself_lead_below_its_path(settings: Settings) -> None:
    outer = FastAPI()
    inner = before_start(settings)
    outer.mount("/platform", inner)
    async with running(inner), httpx.AsyncClient(transport=httpx.ASGITransport(outer), base_url=PUBLIC) as client:
        page = await client.get("/platform/channels/agents", headers=BOSS)
        sheet = await client.get(next(part for part in page.text.split('"') if part.endswith("channels.css")))

    assert 'href="/platform/channels/agents/support"' in page.text
    assert f"curl {PUBLIC}/platform/api/agents" in page.text
    assert sheet.status_code == 200


@pytest.mark.parametrize("removed", [True, False], ids=["removed by the proxy", "passed on"])
async def test_pages_of_an_application_behind_a_prefix_lead_below_it(settings: Settings, removed: bool) -> None:
    """Before: where the proxy removed the prefix, no page was found."""
    app = before_start(settings)
    app.root_path = "/platform"  # as `FastAPI(root_path=…)`, which newer versions warn of
    below = "" if removed else "/platform"
    async with running(app) as client:
        page = await client.get(f"{below}/channels/agents", headers=BOSS)
        found = next(part for part in page.text.split('"') if part.endswith("channels.css"))
        sheet = await client.get(found.replace("/platform", below))

    assert 'href="/platform/channels/agents/support"' in page.text
    assert found.startswith("/platform/channels/")
    assert sheet.status_code == 200


async def test_an_agents_key_of_the_platform_opens_no_page(settings: Settings) -> None:
    class Keys:
        async def principal(self, request: HTTPConnection) -> Principal | None:
            return Principal(Role.AGENT, "support") if "x-key" in request.headers else None

    app = platform()
    mount_channels(app, Ports(directory=Roster(), authenticator=Keys()), settings)
    async with running(app) as client:
        page = await client.get("/channels/agents", headers={"X-Key": "fake"})
        part = await client.get("/channels/live/agents", headers={"HX-Request": "true"})

    assert page.status_code == 403
    assert "An agent&#39;s own key may not do this" in page.text
    assert (part.status_code, part.headers["hx-reswap"]) == (401, "none")
