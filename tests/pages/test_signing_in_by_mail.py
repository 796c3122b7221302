"""Signing in with a mailed link: once, within 15 minutes, and without telling who owns an agent."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.pages.links import asks, link, mailed
from tests.world import OWNER, PUBLIC, Found, World
from trinity_channels.mail.port import Mail, MailError

WRONG = "tc_" + "x" * 43


async def is_in(client: httpx.AsyncClient) -> bool:
    return (await client.get("/agents")).status_code == httpx.codes.OK


# --- with a link by mail ---


async def test_an_owner_signs_in_by_mail(world: World, page_of: Readers) -> None:
    reader = await page_of(world, token=None)
    page = await reader.opens("/signin")
    await page.get_by_label("E-mail address").fill("Owner@Example.org")
    await page.get_by_role("button", name="Mail me a link").click()
    await expect(page.get_by_role("heading", name="Check your mailbox")).to_be_visible()
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


@pytest.mark.parametrize(
    ("wanted", "opens"),
    [
        ("/agents/support?q=zoe&x=%20", "/agents/support?q=zoe&x=%20"),
        ("https://elsewhere.example.org/agents", "/agents"),
        ("//elsewhere.example.org", "/agents"),
        (f"/agents?{'x' * 600}", "/agents"),
        ("", "/agents"),
    ],
)
async def test_a_link_opens_the_page_that_was_asked_for(world: World, wanted: str, opens: str) -> None:
    async with client_of(world, token=None) as client:
        await client.post("/signin/mail", data={"email": OWNER, "next": wanted}, headers=OWN)
        await mailed()
        mailed_link = urlsplit(link(world))
        answer = await client.post(f"{mailed_link.path}?{mailed_link.query}", headers=OWN)

    assert answer.headers["location"] == opens


@pytest.mark.parametrize("wanted", ["//elsewhere.example.org", "/\\elsewhere.example.org", "elsewhere.example.org"])
async def test_a_link_that_was_changed_leads_to_no_other_host(world: World, wanted: str) -> None:
    await asks(world)
    async with client_of(world, token=None) as client:
        answer = await client.post(urlsplit(link(world)).path, params={"next": wanted}, headers=OWN)

    assert answer.headers["location"] == "/agents"


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


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8000@evil.example.org",
        "localhost:@evil.example.org",
        "[::1]evil.example.org",
        "[::1]:1@evil.example.org",
    ],
)
async def test_a_host_that_only_begins_like_this_machine_is_foreign(world: World, host: str) -> None:
    # A tunnel that passes on bytes makes every request come from this machine, with the Host that its sender chose.
    await asks(world, client="127.0.0.1", Host=host)

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
