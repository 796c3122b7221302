"""Signing in with a token, how long a session lasts, and signing out again."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.pages.links import asks, link
from tests.world import ADMIN, LOCAL, OWNER, PUBLIC, World
from trinity_channels.web.auth import Role

WRONG = "tc_" + "x" * 43


async def is_in(client: httpx.AsyncClient) -> bool:
    return (await client.get("/agents")).status_code == httpx.codes.OK


# --- with a token ---


async def test_a_token_opens_the_page_that_was_asked_for(world: World, page_of: Readers) -> None:
    reader = await page_of(world, token=None)
    page = await reader.opens("/agents?from=here")
    assert "/signin?next=" in page.url

    await page.get_by_text("Use a token instead").click()
    await page.get_by_label("Admin or personal token").fill(ADMIN)
    await reader.examines()
    await page.get_by_role("button", name="Sign in with the token").click()

    await expect(page.get_by_role("heading", name="All agents")).to_be_visible()
    assert page.url == f"{reader.url}/agents?from=here"


async def test_a_wrong_token_is_told_beside_its_field(world: World, page_of: Readers) -> None:
    reader = await page_of(world, token=None)
    page = await reader.opens("/signin")
    reader.expects_status(401)

    await page.get_by_text("Use a token instead").click()
    await page.get_by_label("Admin or personal token").fill(WRONG)
    await page.get_by_role("button", name="Sign in with the token").click()

    await expect(page.get_by_text("This token is not valid here.")).to_be_visible()
    assert WRONG not in await page.content()
    await reader.examines()


async def test_wrong_tokens_are_throttled_and_a_valid_one_works_all_the_same(world: World) -> None:
    async with client_of(world, token=None) as client:
        wrong = [await client.post("/signin/token", data={"token": WRONG}, headers=OWN) for _ in range(22)]
        right = await client.post("/signin/token", data={"token": ADMIN}, headers=OWN)

    assert [answer.status_code for answer in wrong] == [401] * 20 + [429] * 2
    assert "Try again in" in wrong[-1].text
    assert right.status_code == httpx.codes.SEE_OTHER


@pytest.mark.parametrize("token", ["", " ", "Bearer x", "x" * 5000, "tc_\u00e9", "' OR 1=1"])
async def test_what_is_no_token_signs_nobody_in(world: World, token: str) -> None:
    async with client_of(world, token=None) as client:
        answer = await client.post("/signin/token", data={"token": token}, headers=OWN)

        assert answer.status_code == httpx.codes.UNAUTHORIZED
        assert not await is_in(client)


async def test_an_agents_key_opens_no_pages(world: World) -> None:
    key = await world.token(Role.AGENT, "support")
    async with client_of(world, token=None) as client:
        answer = await client.post("/signin/token", data={"token": key}, headers=OWN)

        assert answer.status_code == httpx.codes.FORBIDDEN
        assert "own key" in answer.text
        assert not await is_in(client)


async def test_an_owner_sees_only_what_is_theirs(world: World) -> None:
    async with client_of(world, await world.token(Role.USER, OWNER)) as client:
        page = (await client.get("/agents")).text

    assert "/agents/support" in page
    assert "sales" not in page


async def test_a_session_ends_with_its_token(world: World) -> None:
    made = (await world.api("POST", "/api/tokens", {"role": "user", "subject": OWNER})).json()
    async with client_of(world, made["token"]) as client:
        before = await is_in(client)
        await world.api("DELETE", f"/api/tokens/{made['id']}")

        assert (before, await is_in(client)) == (True, False)


async def test_a_session_ends_when_its_token_expires(world: World) -> None:
    ends = (world.now() + timedelta(hours=1)).isoformat()
    made = (await world.api("POST", "/api/tokens", {"role": "admin", "expires_at": ends})).json()
    async with client_of(world, made["token"]) as client:
        before = await is_in(client)
        await world.later(hours=1)

        assert (before, await is_in(client)) == (True, False)


async def test_a_session_ends_with_the_administrators_token_of_the_settings(world: World) -> None:
    async with client_of(world) as client:
        cookies = client.cookies
    await world.stops()
    world.settings = world.settings.model_copy(update={"admin_token": None})
    await world.starts()

    async with client_of(world, token=None) as client:
        client.cookies = cookies
        assert not await is_in(client)


# --- how long it lasts ---


async def test_a_session_survives_a_restart(world: World) -> None:
    async with client_of(world) as client:
        cookies = client.cookies
    await world.stops()
    await world.starts()

    async with client_of(world, token=None) as client:
        client.cookies = cookies
        assert await is_in(client)


@pytest.mark.parametrize(("hours", "lasts"), [(11.9, True), (12, False), (24 * 400, False)])
async def test_a_session_that_is_not_used_ends(world: World, hours: float, lasts: bool) -> None:
    async with client_of(world) as client:
        world.clock.tick(timedelta(hours=hours))

        assert await is_in(client) is lasts


async def test_a_page_that_is_left_open_is_no_use(world: World) -> None:
    async with client_of(world) as client:
        polled = []
        for _ in range(12):
            polled.append((await client.get("/live/attention")).status_code)
            world.clock.tick(timedelta(hours=1))

        assert polled == [httpx.codes.OK] * 12
        assert (await client.get("/live/attention")).headers["location"] == "/signin?ended=page"
        assert not await is_in(client)


async def test_a_session_ends_after_a_week_in_any_case(world: World) -> None:
    async with client_of(world) as client:
        lasted = []
        for _ in range(15):
            world.clock.tick(timedelta(hours=11.5))
            lasted.append(await is_in(client))

    assert lasted == [True] * 14 + [False]


async def test_what_has_ended_is_deleted(world: World) -> None:
    async with client_of(world):
        await asks(world)
        await world.later(days=8)

    sessions = world.rows("SELECT count(*) FROM trinity_channels_page_session")
    links = world.rows("SELECT count(*) FROM trinity_channels_sign_in_link")
    assert (sessions, links) == ([(0,)], [(0,)])


@pytest.mark.parametrize(
    ("came_from", "kept"),
    [
        (f"{LOCAL}/agents/support?q=zo%20e", "/agents/support%3Fq%3Dzo%2520e"),
        (f"{LOCAL}/agents/support/people", ""),  # has only a form, whose refusal was shown there
        (f"{LOCAL}//elsewhere.example.org/agents", ""),
        ("https://elsewhere.example.org/agents", ""),
        ("", ""),
    ],
)
async def test_a_form_sent_after_the_session_has_ended_leads_back_to_its_page(
    world: World, came_from: str, kept: str
) -> None:
    async with client_of(world) as client:
        world.clock.tick(timedelta(hours=13))
        headers = OWN | {"Referer": came_from}
        form = await client.post("/agents/support/people", data={"email": "zoe@example.org"}, headers=headers)
        part = await client.get("/live/agents/support", headers=headers | {"HX-Request": "true"})

    target = f"next={kept}&" if kept else ""
    assert form.headers["location"] == f"/signin?{target}ended=form"
    assert part.headers["hx-redirect"] == f"/signin?{target}ended=page"


async def test_someone_whose_session_has_ended_is_told_and_goes_on_where_they_were(
    world: World, page_of: Readers
) -> None:
    reader = await page_of(world)
    page = await reader.goes("/agents/support")
    await world.api("DELETE", "/api/sessions")

    await page.get_by_label("E-mail address", exact=True).fill("zoe@example.org")
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("alert")).to_contain_text("Your session has ended")
    await expect(page.get_by_role("alert")).to_contain_text("What you sent was not saved.")
    await reader.examines()
    await page.get_by_text("Use a token instead").click()
    await page.get_by_label("Admin or personal token").fill(ADMIN)
    await page.get_by_role("button", name="Sign in with the token").click()

    await page.wait_for_url(f"{reader.url}/agents/support")


# --- out again ---


async def test_signing_out_ends_one_browser_and_everywhere_all_of_the_same_person(world: World) -> None:
    owner = await world.token(Role.USER, OWNER)
    async with client_of(world, owner) as one, client_of(world, owner) as two, client_of(world) as other:
        await one.post("/signout", headers=OWN)
        after_one = [await is_in(client) for client in (one, two, other)]
        async with client_of(world, owner) as three:
            await two.post("/signout/everywhere", headers=OWN)
            after_all = [await is_in(client) for client in (two, three, other)]

    assert after_one == [False, True, True]
    assert after_all == [False, False, True]


async def test_the_api_signs_out_everywhere(world: World) -> None:
    owner = await world.token(Role.USER, OWNER)
    async with client_of(world, owner) as one, client_of(world, owner) as two, client_of(world) as other:
        listed = (await world.api("GET", "/api/sessions", token=owner)).json()
        ended = (await world.api("DELETE", "/api/sessions", token=owner)).json()

        assert (len(listed), ended) == (2, {"ended": 2})
        assert [await is_in(client) for client in (one, two, other)] == [False, False, True]


async def test_the_cookie_of_a_session_that_was_ended_opens_nothing(world: World) -> None:
    async with client_of(world) as client:
        value = client.cookies["trinity_channels"]
        await client.post("/signout", headers=OWN)
        client.cookies.set("trinity_channels", value)

        assert not await is_in(client)


async def test_a_browser_that_signs_in_again_ends_its_former_session(world: World) -> None:
    async with client_of(world) as client:
        former = client.cookies["trinity_channels"]
        await client.post("/signin/token", data={"token": ADMIN}, headers=OWN)

        assert client.cookies["trinity_channels"] != former
        assert len((await world.api("GET", "/api/sessions")).json()) == 1


async def test_signing_in_and_out_is_on_record(world: World) -> None:
    owner = await world.token(Role.USER, OWNER)
    async with client_of(world, owner) as client:
        await client.post("/signout", headers=OWN)
    entries = (await world.api("GET", "/api/audit")).json()

    told = [(one["action"], one["actor"], one["details"]) for one in entries if one["action"].startswith("sign_")]
    assert told == [("sign_out", f"user:{OWNER}", {}), ("sign_in", f"user:{OWNER}", {"via": "token"})]


async def test_the_menu_signs_out(world: World, page_of: Readers) -> None:
    reader = await page_of(world)
    page = await reader.opens("/agents")

    await page.get_by_role("button", name="Account and appearance").click()
    await reader.examines()
    await page.get_by_role("button", name="Sign out", exact=True).click()

    await expect(page.get_by_text("You are signed out.")).to_be_visible()
    await page.goto(f"{reader.url}/agents")
    assert "/signin" in page.url


# --- the cookie ---


@pytest.mark.parametrize(
    ("url", "headers", "secure"),
    [
        (LOCAL, {}, False),
        (PUBLIC, {}, True),
        (PUBLIC.replace("https", "http"), {}, True),
        ("http://proxied.example.org", {"X-Forwarded-Proto": "https"}, True),
        ("http://proxied.example.org", {"X-Forwarded-Proto": "https, http"}, True),
        ("http://proxied.example.org", {"X-Forwarded-Proto": " HTTPS,http,http"}, True),
        ("http://proxied.example.org", {"X-Forwarded-Proto": "http, https"}, False),
        ("http://proxied.example.org", {"X-Forwarded-Proto": "gopher, https"}, False),
        (
            "http://proxied.example.org",
            {"Forwarded": 'for="[2001:db8::1]";proto=https;by=_x, for=10.0.0.2;proto=http'},
            True,
        ),
        ("http://proxied.example.org", {"Forwarded": 'For=192.0.2.1; Proto="https"'}, True),
        ("http://proxied.example.org", {"Forwarded": "for=192.0.2.1, for=10.0.0.2;proto=https"}, False),
        ("http://proxied.example.org", {"Forwarded": 'for="a;proto=https"'}, False),
        ("http://proxied.example.org", {"Forwarded": "proto"}, False),
        ("http://proxied.example.org", {"X-Forwarded-Proto": "http", "Forwarded": "proto=https"}, False),
        ("http://10.0.0.7:8000", {"X-Forwarded-Host": "chat.example.org"}, True),
        ("http://10.0.0.7:8000", {"Forwarded": "host=chat.example.org"}, True),
        ("http://proxied.example.org", {}, False),
    ],
)
async def test_the_cookie_is_as_strict_as_the_connection_allows(
    world: World, url: str, headers: dict[str, str], secure: bool
) -> None:
    async with client_of(world, token=None, base_url=url) as client:
        answer = await client.post("/signin/token", data={"token": ADMIN}, headers=OWN | headers)

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-trinity_channels=" if secure else "trinity_channels=")
    assert ("; Secure" in cookie) is secure
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


async def test_where_https_is_used_a_cookie_that_another_host_can_set_does_not_count(world: World) -> None:
    async with client_of(world, base_url=PUBLIC) as client:
        value = client.cookies["__Host-trinity_channels"]
        client.cookies.clear()
        client.cookies.set("trinity_channels", value)

        assert not await is_in(client)


async def test_the_database_holds_no_cookie_and_no_link(world: World) -> None:
    await asks(world)
    token = link(world).rpartition("/")[2]
    async with client_of(world) as client:
        cookie = client.cookies["trinity_channels"]
    await world.stops()

    stored = b"".join(file.read_bytes() for file in world.folder.glob("trinity_channels.db*"))
    assert token.encode() not in stored
    assert cookie.encode() not in stored
