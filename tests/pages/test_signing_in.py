"""Signing in with a token or a mailed link, how long that lasts, and signing out again."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.world import ADMIN, LOCAL, OWNER, PUBLIC, Found, World
from trinity_channels.mail.port import Mail, MailError
from trinity_channels.web.auth import Role

WRONG = "tc_" + "x" * 43


def link(world: World, to: str = OWNER) -> str:
    """The newest link mailed to someone."""
    found = re.search(r"https?://\S+/signin/link/\S+", world.mails.to(to)[-1].text)
    assert found
    return found[0]


async def asks(world: World, email: str = OWNER, client: str = "198.51.100.7", **headers: str) -> httpx.Response:
    """Ask for a link from somewhere, and wait until it is mailed."""
    transport = httpx.ASGITransport(world.app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as asking:
        answer = await asking.post("/signin/mail", data={"email": email}, headers=OWN | headers)
    await mailed()
    return answer


async def mailed() -> None:
    """Let mails go out that are being sent beside requests."""
    tasks = [task for task in asyncio.all_tasks() if task.get_name() == "sign-in mail"]
    await asyncio.gather(*tasks)


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

    await expect(page.get_by_role("heading", name="Agents", exact=True)).to_be_visible()
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

    with closing(sqlite3.connect(world.host.store.path)) as database:
        sessions = database.execute("SELECT count(*) FROM page_session").fetchone()
        links = database.execute("SELECT count(*) FROM sign_in_link").fetchone()
    assert (sessions, links) == ((0,), (0,))


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


# --- with a link by mail ---


async def test_an_owner_signs_in_by_mail(world: World, page_of: Readers) -> None:
    reader = await page_of(world, token=None)
    page = await reader.opens("/signin")
    await page.get_by_label("E-mail address").fill("Owner@Example.org")
    await page.get_by_role("button", name="Mail me a link").click()
    await expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    await reader.examines()
    await mailed()

    await page.goto(link(world))
    await expect(page.get_by_text(f"You are about to sign in as {OWNER}.")).to_be_visible()
    await reader.examines()
    await page.get_by_role("button", name="Sign in").click()

    await expect(page.get_by_role("link", name="support")).to_be_visible()
    await expect(page.get_by_role("link", name="sales")).not_to_be_visible()


async def test_a_link_is_used_by_its_button_once(world: World) -> None:
    await asks(world)
    path = urlsplit(link(world)).path
    async with client_of(world, token=None) as one, client_of(world, token=None) as two:
        looked = [(await one.get(path)).status_code for _ in range(3)]
        foreign = await one.post(path, headers={"Sec-Fetch-Site": "cross-site"})
        first = await one.post(path, headers=OWN)
        second = await two.post(path, headers=OWN)
        again = await two.get(path)

        assert looked == [200] * 3
        assert foreign.status_code == httpx.codes.FORBIDDEN
        assert (first.status_code, await is_in(one)) == (303, True)
        assert (second.status_code, again.status_code, await is_in(two)) == (410, 410, False)


@pytest.mark.parametrize(("minutes", "works"), [(14.9, True), (15, False), (60 * 24 * 30, False), (-60, True)])
async def test_a_link_works_for_15_minutes(world: World, minutes: float, works: bool) -> None:
    await asks(world)
    world.clock.tick(timedelta(minutes=minutes))
    async with client_of(world, token=None) as client:
        answer = await client.post(urlsplit(link(world)).path, headers=OWN)

    assert answer.status_code == (303 if works else 410)


async def test_of_two_at_the_same_time_one_signs_in(world: World) -> None:
    await asks(world)
    path = urlsplit(link(world)).path
    async with client_of(world, token=None) as client:
        answers = await asyncio.gather(*(client.post(path, headers=OWN) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [303, 410, 410, 410, 410]


@pytest.mark.parametrize("token", ["x", "tc_" + "a" * 43, "tc_" + "%00" * 3, "..", "x" * 3000, "%F0%9F%98%80"])
async def test_a_link_that_was_never_mailed_signs_nobody_in(world: World, token: str) -> None:
    async with client_of(world, token=None) as client:
        answer = await client.post(f"/signin/link/{token}", headers=OWN)

        assert answer.status_code in (404, 405, 410)
        assert not await is_in(client)


async def test_the_page_does_not_tell_whether_an_address_owns_an_agent(world: World) -> None:
    known, unknown = await asks(world, OWNER), await asks(world, "stranger@example.org")

    assert (known.status_code, unknown.status_code) == (200, 200)
    assert known.text.replace(OWNER, "…") == unknown.text.replace("stranger@example.org", "…")
    assert [mail.to for mail in world.mails.mails] == [OWNER]


@pytest.mark.parametrize("email", [OWNER, "stranger@example.org"])
async def test_requests_for_one_address_are_limited(world: World, email: str) -> None:
    statuses = [(await asks(world, email)).status_code for _ in range(4)]
    await world.later(hours=1)

    assert statuses == [200, 200, 200, 429]
    assert (await asks(world, email)).status_code == httpx.codes.OK


async def test_spellings_of_one_mailbox_share_a_limit(world: World) -> None:
    spellings = ("zoe@gmail.com", "z.oe@gmail.com", "zoe+a@googlemail.com", "ZOE@gmail.com")

    assert [(await asks(world, one)).status_code for one in spellings] == [200, 200, 200, 429]


async def test_requests_of_one_client_are_limited(world: World) -> None:
    statuses = [(await asks(world, f"zoe{number}@example.org")).status_code for number in range(21)]

    assert statuses == [200] * 20 + [429]
    assert (await asks(world, OWNER, client="198.51.100.8")).status_code == httpx.codes.OK


async def test_one_client_behind_a_proxy_does_not_keep_all_others_out(world: World) -> None:
    through = {"X-Forwarded-For": "203.0.113.9"}
    for number in range(40):
        await asks(world, f"zoe{number}@example.org", **through)

    assert (await asks(world, OWNER, **through)).status_code == httpx.codes.OK


async def test_others_cannot_use_up_what_an_owner_needs(world: World) -> None:
    floods = [(await asks(world, OWNER, client=f"203.0.113.{number}")).status_code for number in range(12)]
    before = len(world.mails.mails)

    assert floods == [200] * 12
    assert (await asks(world, OWNER)).status_code == httpx.codes.OK
    assert len(world.mails.mails) == before + 1
    assert [(await asks(world, OWNER, client=f"203.0.113.{number}")).status_code for number in range(12)] == [429] * 12


async def test_a_mailbox_is_not_flooded_by_many_clients(world: World) -> None:
    for number in range(40):
        await asks(world, OWNER, client=f"203.0.113.{number}")

    assert len(world.mails.mails) == 30


@pytest.mark.parametrize(
    "email", ["", "zoe", "zoe@", "a b@example.org", "<script>@example.org", "x" * 400 + "@example.org"]
)
async def test_what_is_no_address_is_told_beside_its_field(world: World, email: str) -> None:
    answer = await asks(world, email)

    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "Enter an e-mail address such as" in answer.text
    assert "<script>@" not in answer.text
    assert not world.mails.mails


@pytest.mark.parametrize("host", ["evil.example.org", "127.0.0.1:8000", "localhost"])
async def test_a_link_never_leads_to_a_host_that_a_request_from_outside_names(world: World, host: str) -> None:
    await asks(world, Host=host)

    assert link(world).startswith(f"{PUBLIC}/signin/link/")


async def test_a_link_leads_to_where_the_settings_say(found: Found) -> None:
    world = await found(trinity_channels_pages_url="https://desk.example.org/here")
    await asks(world)

    assert link(world).startswith("https://desk.example.org/here/signin/link/")


async def test_without_an_address_for_links_only_a_token_signs_in(found: Found) -> None:
    world = await found(connected=False, public_chat_url=None)
    page = await asks(world)

    assert page.status_code == httpx.codes.CONFLICT
    assert not world.mails.mails


async def test_without_mail_only_a_token_signs_in(found: Found, page_of: Readers) -> None:
    world = await found(mailer=False)
    reader = await page_of(world, token=None)

    page = await reader.opens("/signin")

    await expect(page.get_by_label("E-mail address")).to_have_count(0)
    await expect(page.get_by_label("Admin or personal token")).to_be_visible()


class Broken:
    """A mail server that takes nothing."""

    async def send(self, mail: Mail) -> None:
        assert mail.to
        raise MailError("the server is gone")


async def test_a_mail_server_that_is_gone_is_counted_and_not_told(found: Found) -> None:
    world = await found(mailer=Broken())

    answer = await asks(world)

    assert answer.status_code == httpx.codes.OK
    assert "trinity_channels_mail_failures_total 1.0" in world.host.metrics.render().decode()
