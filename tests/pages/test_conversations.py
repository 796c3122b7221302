"""The list of conversations: every filtered view is a link, and long lists go on."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import client_of
from tests.pages.reading import unanswered
from tests.world import Agent, World
from trinity_channels.conversations import listing


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
    await expect(page.get_by_text("No conversation fits")).to_be_visible()
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
