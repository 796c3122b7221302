"""Pages inside Trinity's backend: browsers send them nothing of the platform's session, so people enter a token."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.examples.backend import Backend
from tests.examples.platform_services import START, AgentShare
from tests.pages.clients import OWN
from tests.world import PUBLIC

AGENTS = "/channels/agents"
SUPPORT = "/channels/agents/support"


@pytest.fixture
async def backend(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Backend]:
    async with Backend(tmp_path, clock) as made:
        yield made
    assert made.db.asked_on_the_loop == set()


@pytest.fixture
async def browser(backend: Backend) -> AsyncIterator[httpx.AsyncClient]:
    """It keeps cookies, and sends no token."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(backend.app), base_url=PUBLIC) as client:
        yield client


async def enters(browser: httpx.AsyncClient, token: str, target: str = "") -> httpx.Response:
    """Enter a token on the page that asks for it."""
    return await browser.post("/channels/signin/token", data={"token": token, "next": target}, headers=OWN)


async def test_an_owner_opens_the_pages_with_a_token_and_lands_where_they_wanted(
    backend: Backend, browser: httpx.AsyncClient
) -> None:
    backend.db.owners["hers"] = "zoe"
    asked = await browser.get(SUPPORT)
    found = re.search(r'name="next" value="([^"]*)"', asked.text)
    assert asked.status_code == 401
    assert found

    entered = await enters(browser, "jwt-ada", found[1])
    support = await browser.get(SUPPORT)
    agents = await browser.get(AGENTS)
    form = await browser.post(f"{SUPPORT}/people", data={"email": "zoe@example.org"}, headers=OWN)

    assert (entered.status_code, entered.headers["location"]) == (303, SUPPORT)
    assert (support.status_code, agents.status_code, form.status_code) == (200, 200, 303)
    assert "/hers" not in agents.text
    assert backend.db.shares["support", "zoe@example.org"].shared_by_email == "Ada@example.org"


async def test_shares_of_an_earlier_platform_are_shown(backend: Backend, browser: httpx.AsyncClient) -> None:
    """Their times have no time zone; the page of an agent that had one could not be shown."""
    then = START.replace(tzinfo=None)
    backend.db.shares["support", "yan@example.org"] = AgentShare(1, "support", "yan@example.org", 1, "unknown", then)
    await enters(browser, "jwt-ada")
    await browser.post(f"{SUPPORT}/people", data={"email": "zoe@example.org"}, headers=OWN)

    page = await browser.get(SUPPORT)
    listed = await browser.get("/api/agents/support/access", headers={"Authorization": "Bearer jwt-ada"})

    assert page.status_code == 200
    assert "yan@example.org" in page.text
    assert {one["email"] for one in listed.json()} == {"yan@example.org", "zoe@example.org"}


async def test_an_administrator_sees_every_agent(backend: Backend, browser: httpx.AsyncClient) -> None:
    backend.db.owners["hers"] = "zoe"

    await enters(browser, "jwt-root")

    assert "/hers" in (await browser.get(AGENTS)).text
    assert (await browser.get("/channels/settings")).status_code == 200


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("jwt-nobody", 401),
        ("trinity_mcp_support", 403),  # an agent's own key
        ("", 401),
        ("jwt-ada\r\nX-Other: fake", 401),
        ("jwt-ädä", 401),
        ("jwt-ada" + "a" * 5000, 401),
    ],
)
async def test_what_opens_no_pages_is_told(browser: httpx.AsyncClient, token: str, status: int) -> None:
    refused = await enters(browser, token, SUPPORT)

    assert refused.status_code == status
    assert f'value="{SUPPORT}"' in refused.text
    assert (await browser.get(AGENTS)).status_code == 401


async def test_wrong_tokens_are_throttled_and_a_right_one_is_not(browser: httpx.AsyncClient) -> None:
    wrong = [(await enters(browser, f"jwt-{number}")).status_code for number in range(22)]

    assert wrong == [401] * 20 + [429] * 2
    assert (await enters(browser, "jwt-ada")).status_code == 303


async def test_the_session_ends_when_the_platform_takes_the_token_no_more(
    backend: Backend, browser: httpx.AsyncClient
) -> None:
    await enters(browser, "jwt-ada")
    backend.db.users["ada"]["suspended_at"] = "2026-03-02T09:00:00Z"
    suspended = await browser.get(AGENTS)
    backend.db.users["ada"] |= {"suspended_at": None, "role": "admin"}
    promoted = await browser.get(AGENTS)
    backend.db.users["ada"]["role"] = "user"

    assert (suspended.status_code, promoted.status_code) == (401, 401)
    assert (await browser.get(AGENTS)).status_code == 200
    await backend.later(hours=12)
    assert (await browser.get(AGENTS)).status_code == 401


@pytest.mark.parametrize("path", ["/channels/signout", "/channels/signout/everywhere"])
async def test_signing_out_ends_it_for_a_copy_of_the_cookie_too(browser: httpx.AsyncClient, path: str) -> None:
    await enters(browser, "jwt-ada")
    copied = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    assert "Sign out" in (await browser.get(AGENTS)).text

    left = await browser.post(path, headers=OWN)
    browser.cookies.clear()

    assert (left.status_code, left.headers["location"]) == (303, "/channels/signin")
    assert (await browser.get(AGENTS, headers={"Cookie": copied})).status_code == 401
    assert (await browser.get("/channels/signin")).status_code == 200


@pytest.mark.parametrize("changed", ["{}.", ".{}", "x{}", "{}x", "{}.v1.k.AAAA"])
async def test_a_cookie_that_was_changed_opens_nothing(browser: httpx.AsyncClient, changed: str) -> None:
    await enters(browser, "jwt-ada")
    ((name, value),) = [
        (name, value) for name, value in browser.cookies.items() if "jwt" not in value and "v1" in value
    ]
    browser.cookies.clear()

    assert (await browser.get(AGENTS, headers={"Cookie": f"{name}={changed.format(value)}"})).status_code == 401
    assert (await browser.get(AGENTS, headers={"Cookie": f"{name}={value}"})).status_code == 200


async def test_the_token_of_one_session_does_not_open_another(browser: httpx.AsyncClient) -> None:
    cookies = []
    for token in ("jwt-ada", "jwt-root"):
        browser.cookies.clear()
        await enters(browser, token)
        cookies += [(name, value) for name, value in browser.cookies.items() if "v1" in value]
    (name, ada), (_, root) = cookies
    mixed = f"{ada.partition('.')[0]}.{root.partition('.')[2]}"
    browser.cookies.clear()

    assert (await browser.get(AGENTS, headers={"Cookie": f"{name}={mixed}"})).status_code == 401


async def test_another_site_cannot_sign_a_browser_in(browser: httpx.AsyncClient) -> None:
    foreign = await browser.post(
        "/channels/signin/token", data={"token": "jwt-ada"}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert foreign.status_code == 403
    assert (await browser.get(AGENTS)).status_code == 401
