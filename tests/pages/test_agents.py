"""The first page: the agents of a person, and what needs attention."""

from __future__ import annotations

from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.world import World


async def test_an_administrator_sees_every_agent(world: World, page_of: Readers) -> None:
    reader = await page_of(world)

    page = await reader.opens("/agents")

    await expect(page.get_by_role("link", name="support")).to_be_visible()
    await expect(page.get_by_role("link", name="sales")).to_be_visible()
