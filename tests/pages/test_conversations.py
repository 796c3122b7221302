"""The list of conversations: every filtered view is a link, and long lists go on."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import client_of
from tests.pages.reading import unanswered
from tests.world import OWNER, Agent, World
from trinity_channels.conversations import listing
from trinity_channels.web.auth import Role


async def test_every_filtered_view_is_a_link(town: World, agent: Agent, page_of: Readers) -> None:
    await unanswered(town, agent)
    await town.later(minutes=1)
    await town.person("Tim").says("hello")
    reader = await page_of(town)
    page = await reader.opens("/conversations")

    await page.get_by_role("link", name="Needs attention 1").click()
    await expect(page).to_have_url(f"{reader.url}/conversations?state=attention")
    await expect(page.get_by_role("row")).to_have_count(2)
    await page.get_by_label("Agent").select_option("support")
    await expect(page).to_have_url(re.compile("state=attention.*agent=support"))
    await expect(page.get_by_role("heading", name="support")).to_be_visible()
    await page.get_by_label("Search by name").fill("tim")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.get_by_text("No conversations match")).to_be_visible()
    await reader.examines()
    await page.get_by_role("link", name="All", exact=True).click()
    await expect(page.get_by_role("link", name="Tim")).to_be_visible()
    await expect(page.get_by_label("Search by name")).to_have_value("tim")


async def test_the_list_goes_on_on_older_pages(town: World, monkeypatch: pytest.MonkeyPatch, page_of: Readers) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    for name in ("Ann", "Ben", "Cid"):
        await town.person(name).says("hello")
        await town.later(minutes=1)
    reader = await page_of(town)
    page = await reader.opens("/conversations")
    await expect(page.get_by_role("link", name="Ann", exact=True)).to_have_count(0)

    await page.get_by_role("link", name="Older").click()
    await expect(page.get_by_role("link", name="Ann", exact=True)).to_be_visible()
    await reader.examines()
    await page.get_by_role("link", name="Newest").click()

    await expect(page.get_by_role("link", name="Cid")).to_be_visible()


async def test_what_is_written_appears_while_the_list_is_open(town: World, agent: Agent, page_of: Readers) -> None:
    await town.person("Ann").says("hello")
    reader = await page_of(town, await town.token(Role.USER, OWNER))
    page = await reader.opens("/conversations")
    await expect(page.get_by_text("One conversation. None needs attention.")).to_be_visible()
    await page.get_by_label("Search by name").fill("half a na")

    await unanswered(town, agent)

    await expect(page.get_by_role("link", name="Zoe", exact=True)).to_be_visible()
    await expect(page.get_by_text("Two conversations. One needs attention.")).to_be_visible()
    await expect(page.get_by_role("link", name="Needs attention 1")).to_be_visible()
    await expect(page.get_by_label("Search by name")).to_have_value("half a na")
    await expect(page.get_by_label("Search by name")).to_be_focused()
    await reader.examines()


async def test_a_filtered_list_stays_filtered_while_it_is_open(town: World, agent: Agent, page_of: Readers) -> None:
    reader = await page_of(town)
    page = await reader.opens("/conversations?state=attention&agent=support")
    await expect(page.get_by_text("No conversations match")).to_be_visible()

    await town.person("Ann").says("hello")
    await unanswered(town, agent)

    await expect(page.get_by_role("link", name="Zoe", exact=True)).to_be_visible()
    await expect(page.get_by_role("link", name="Ann", exact=True)).to_have_count(0)
    await reader.examines()


async def test_the_navigation_counts_conversations_that_need_attention(
    town: World, agent: Agent, page_of: Readers
) -> None:
    reader = await page_of(town)
    page = await reader.opens("/agents")
    entry = page.get_by_role("navigation", name="Main").get_by_role("listitem").filter(has_text="Conversations")
    await expect(entry).to_have_text(re.compile(r"^\s*Conversations\s*$"))

    zoe = await unanswered(town, agent)
    await zoe.says("are you there?")

    await expect(entry.get_by_text("1 need attention")).to_be_visible()
    await reader.examines()
    (turn,) = await town.failed()
    await town.api("POST", f"/api/agents/support/failed-turns/{turn.id}/resubmit")
    await town.settle()
    await expect(entry).to_have_text(re.compile(r"^\s*Conversations\s*$"))


async def test_the_count_is_of_ones_own_agents_and_reads_nothing(town: World, agent: Agent) -> None:
    await unanswered(town, agent)
    found = {}
    for who in (OWNER, "sales@example.org"):
        async with client_of(town, await town.token(Role.USER, who)) as client:
            found[who] = (await client.get("/live/conversations/attention")).text
    readings = (await town.api("GET", "/api/audit?action=read_conversation")).json()

    assert "1<span" in found[OWNER]
    assert found["sales@example.org"].strip() == ""
    assert readings == []


@pytest.mark.parametrize("query", ["?agent=support", "?agent=none", "?after=nonsense"])
async def test_no_stream_begins_for_a_list_that_is_refused(town: World, query: str) -> None:
    async with client_of(town, await town.token(Role.USER, "sales@example.org")) as client:
        answer = await client.get(f"/live/conversations{query}")

    assert answer.status_code == (422 if "after" in query else 404)


async def test_an_empty_list_says_how_to_begin(world: World, page_of: Readers) -> None:
    reader = await page_of(world)

    page = await reader.opens("/conversations")

    await expect(page.get_by_text("No one has written yet", exact=True)).to_be_visible()
    await reader.opens("/agents/support/conversations")
    await expect(page).to_have_url(f"{reader.url}/conversations?agent=support")


@pytest.mark.parametrize("query", ["?state=nonsense", "?channel=nonsense", "?q=%00", "?q=" + "x" * 5000, "?agent=%2F"])
async def test_a_query_that_someone_has_typed_breaks_nothing(town: World, query: str) -> None:
    await town.person("Zoe").says("hello")
    async with client_of(town) as client:
        answer = await client.get(f"/conversations{query}")

    assert answer.status_code == (404 if "agent" in query else 200)
