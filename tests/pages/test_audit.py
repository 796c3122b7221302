"""The audit log on pages: filters are addresses, and it goes on by id."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import client_of
from tests.world import OWNER, START, World
from trinity_channels.store import Tx, audit
from trinity_channels.store.audit import Actor
from trinity_channels.web.audit_words import did
from trinity_channels.web.auth import Role

LOG = "/settings/audit"


async def records(world: World, *entries: tuple[datetime, str, audit.Action, str]) -> None:
    """Write entries: when, who, what, with which agent."""

    def unit(tx: Tx) -> None:
        for at, actor, action, agent in entries:
            audit.add(tx, at, Actor(actor), action, agent=agent, channel="whatsapp", details={"note": f"by {actor}"})

    await world.host.store.write(unit)


async def three(world: World) -> None:
    """Three entries of two people with two agents."""
    await records(
        world,
        (START, "user:zoe", "share", "sales"),
        (START, "user:zoe", "unshare", "support"),
        (START + timedelta(days=1), "user:ann", "share", "support"),
    )


def told(html: str) -> list[str]:
    """What the list says was done, in order."""
    return re.findall(r'data-label="What" role="cell">([^<]*)', html)


async def test_a_list_is_narrowed_and_its_address_is_a_link(world: World, page_of: Readers) -> None:
    await records(world, (START, f"user:{OWNER}", "share", "support"), (START, "admin:deploy", "share", "sales"))
    reader = await page_of(world)
    page = await reader.opens("/settings")
    await page.get_by_role("link", name="See all").click()
    await reader.examines()

    await page.get_by_label("What was done").select_option("share")
    await page.wait_for_url(f"**{LOG}?action=share**")
    await expect(page.get_by_role("row")).to_have_count(3)
    await page.get_by_role("link", name=OWNER).click()
    await expect(page.get_by_role("row")).to_have_count(2)
    await reader.examines()

    assert "actor=user%3Aowner%40example.org" in page.url
    await expect(page.get_by_role("cell", name="gave access support")).to_be_visible()
    await page.get_by_role("link", name=f"By {OWNER}; show everyone").click()
    await expect(page.get_by_role("row")).to_have_count(3)


async def test_it_goes_on_by_id_while_entries_are_added(world: World, admin: httpx.AsyncClient) -> None:
    await records(world, *((START + timedelta(minutes=one), "x", "block", "support") for one in range(120)))

    first = (await admin.get(f"{LOG}?action=block")).text
    await records(world, (START, "x", "block", "support"))
    older = re.findall(r'href="([^"]*before=\d+)"', first)
    second = (await admin.get(older[0].replace("&amp;", "&"))).text
    third = (await admin.get(re.findall(r'href="([^"]*before=\d+)"', second)[0].replace("&amp;", "&"))).text

    assert [len(told(one)) for one in (first, second, third)] == [50, 50, 20]
    assert "These are the oldest." in third
    assert "Newest" in third


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("since=2026-03-03", 1),
        ("since=2030-01-01", 0),
        ("since=9999-12-31", 0),
        ("agent=sales", 1),
        ("agent=sales&since=2026-03-03", 0),
        ("actor=user%3Azoe", 2),
        ("actor=user%3Azoe&action=share", 1),
        ("actor=user%3Azoe&since=2026-03-02&agent=support&action=unshare", 1),
    ],
)
async def test_an_address_narrows_the_list(world: World, admin: httpx.AsyncClient, query: str, number: int) -> None:
    await three(world)

    answer = await admin.get(f"{LOG}?{query}")

    assert answer.status_code == httpx.codes.OK
    assert len(told(answer.text)) == number


@pytest.mark.parametrize(
    "query",
    [
        "since=2026-03-02",
        "since=0001-01-01",
        "since=2026-02-30&action=nope",
        "before=9223372036854775807",
        "before=99999999999999999999999",
        "before=-1&limit=x",
        "before=%C2%B2&actor=%20",
        "action=%00&since=%00",
    ],
)
async def test_what_cannot_be_meant_leads_to_the_whole_list(world: World, admin: httpx.AsyncClient, query: str) -> None:
    await three(world)

    assert told((await admin.get(f"{LOG}?{query}")).text) == told((await admin.get(LOG)).text)


async def test_owners_read_about_their_agents_only(world: World) -> None:
    await records(world, (START, "x", "share", "support"), (START, "x", "block", "sales"))
    async with client_of(world, await world.token(Role.USER, OWNER)) as client:
        own = await client.get("/agents/support/audit?agent=sales")
        foreign, missing = await client.get("/agents/sales/audit"), await client.get("/agents/nope/audit")
        whole = await client.get(LOG)

    assert "gave access" in told(own.text)
    assert "blocked a person" not in told(own.text)
    assert (foreign.status_code, missing.status_code, whole.status_code) == (404, 404, 403)
    assert foreign.text.replace("sales", "nope") == missing.text


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "W" * 4000, "\u202egnp.exe\u202d", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}"],
)
async def test_names_neither_escape_nor_break_the_page(world: World, page_of: Readers, name: str) -> None:
    await records(world, (START, f"user:{name}", "share", name))
    reader = await page_of(world)

    await reader.opens("/settings")
    page = await reader.opens(LOG)
    await reader.opens(f"{LOG}?actor={quote(f'user:{name}'[:1000])}&agent={quote(name[:1000])}")

    assert await page.locator("main script, main img").count() == 0


async def test_the_api_takes_the_same_filters(world: World) -> None:
    await records(world, (START, "user:zoe", "share", "sales"), (START, "user:ann", "share", "support"))

    async def listed(path: str) -> list[str]:
        return [one["actor"] for one in (await world.api("GET", path)).json()]

    assert await listed("/api/audit?action=share&actor=user%3Azoe") == ["user:zoe"]
    assert await listed("/api/audit?action=share&agent=support") == ["user:ann"]
    assert await listed("/api/agents/support/audit?action=share&actor=user%3Azoe") == []


def test_every_action_has_words() -> None:
    assert [action for action in audit.ACTIONS if did(action) == action.replace("_", " ")] == []
