"""What goes wrong is a page with a way back for people, and JSON for programs."""

from __future__ import annotations

import re
from datetime import timedelta
from unittest.mock import ANY

import httpx
import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.world import LOCAL, OWNER, World
from trinity_channels.refusal import Refusal
from trinity_channels.store import StoreError
from trinity_channels.web.auth import Role

FAILURES: list[tuple[Exception, int, str]] = [
    (Refusal("agent_not_found", "There is no such agent."), 404, "Not found"),
    (Refusal("empty_text", "The text is empty."), 422, "This could not be done"),
    (Refusal("rate_limited", "Ten an hour are the limit.", retry_after=timedelta(seconds=61)), 429, "Too many tries"),
    (RuntimeError("a bug"), 500, "Something went wrong"),
    (StoreError("the disk is full"), 503, "This does not work at the moment"),
]


def fails_with(world: World, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the list of agents fail, on its page and by the API."""

    async def fails(_principal: object) -> None:
        raise error

    monkeypatch.setattr(world.host.overviews, "of", fails)


@pytest.mark.parametrize(("error", "status", "title"), FAILURES)
async def test_an_error_is_a_page_with_a_way_back(
    world: World, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, title: str
) -> None:
    fails_with(world, monkeypatch, error)

    answer = await admin.get("/agents", headers={"Referer": f"{LOCAL}/settings?x=1"})

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert re.findall("<h1>(.*?)</h1>", answer.text) == [title]
    assert re.findall('<a class="btn" href="(.*?)">', answer.text) == ["/settings?x=1", "/agents"]
    assert "the disk is full" not in answer.text
    assert "a bug" not in answer.text


@pytest.mark.parametrize(("error", "status", "title"), FAILURES)
async def test_the_same_error_is_json_for_programs(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, title: str
) -> None:
    fails_with(world, monkeypatch, error)
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=LOCAL) as client:
        token = await world.token(Role.USER, OWNER)
        answer = await client.get("/api/agents", headers={"Authorization": f"Bearer {token}", "Accept": "text/html"})

    assert title
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    assert answer.json() == {"code": ANY, "message": ANY, "detail": ANY}


async def test_a_limit_says_when_to_try_again(
    world: World, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_with(world, monkeypatch, FAILURES[2][0])

    answer = await admin.get("/agents")

    assert answer.headers["retry-after"] == "61"
    assert "Ten an hour are the limit. Try again in 2 minutes." in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/agents", b"", 405),
        ("POST", "/appearance", b"a=" + b"x" * 70_000, 413),
        ("POST", "/agents/nobody/share", b"email=x", 404),
    ],
)
async def test_a_form_that_fails_leads_back_to_its_page(
    admin: httpx.AsyncClient, method: str, path: str, body: bytes, status: int
) -> None:
    headers = {**OWN, "Referer": f"{LOCAL}/agents/support", "Content-Type": "application/x-www-form-urlencoded"}

    answer = await admin.request(method, path, content=body, headers=headers)

    assert answer.status_code == status
    assert '<a class="btn" href="/agents/support">Go back</a>' in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nowhere", 404, "not_found"),
        ("DELETE", "/api/agents", 405, "method_not_allowed"),
        ("PUT", "/api/settings/limits", 422, "invalid_json"),
    ],
)
@pytest.mark.alone("what is at no path of ours is the application's to answer")
async def test_the_api_answers_json_also_to_browsers(
    world: World, method: str, path: str, status: int, code: str
) -> None:
    transport = httpx.ASGITransport(world.app)
    token = await world.token(Role.ADMIN, "")
    async with httpx.AsyncClient(transport=transport, base_url=LOCAL) as client:
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/html", "Content-Type": "application/json"}
        answer = await client.request(method, path, headers=headers, content=b"{")

    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "referer",
    [
        "",
        "https://evil.example.org/agents",
        f"{LOCAL}.evil.example.org/agents",
        "//evil.example.org",
        f"{LOCAL}//evil.example.org",
        f"{LOCAL}/\\evil.example.org",
        f"{LOCAL}/nowhere",  # the page itself
        "http://[",
        "javascript:alert(1)",
        LOCAL,
    ],
)
@pytest.mark.alone("what is at no path of ours is the application's to answer")
async def test_no_error_leads_to_another_site(admin: httpx.AsyncClient, referer: str) -> None:
    answer = await admin.get("/nowhere", headers={"Accept": "text/html", "Referer": referer})

    assert re.findall('<a class="btn" href="(.*?)">', answer.text) == ["/agents"]


async def test_below_a_prefix_it_leads_back_below_it(world: World) -> None:
    world.settings = world.settings.model_copy(update={"pages_path": "/desk"})
    await world.stops()
    await world.starts()
    async with client_of(world, token=None) as client:
        headers = {"Accept": "text/html"}
        inside = await client.get("/desk/nowhere", headers={**headers, "Referer": f"{LOCAL}/desk/signin"})
        outside = await client.get("/desk/nowhere", headers={**headers, "Referer": f"{LOCAL}/other"})

    assert 'href="/desk/signin">Go back' in inside.text
    assert "Go back" not in outside.text


async def test_a_person_goes_back_from_an_error(
    world: World, page_of: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await page_of(world)
    page = await reader.opens("/settings")
    reader.expects_status(503)
    with monkeypatch.context() as patched:
        fails_with(world, patched, StoreError("the disk is full"))
        await page.get_by_role("link", name="Trinity Channels").click()
        await expect(page.get_by_role("heading", name="This does not work at the moment")).to_be_visible()
        await reader.examines()
    await page.get_by_role("link", name="Go back").click()

    await expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
