"""Signing in with a token or a mailed link, and out again."""

from __future__ import annotations

from tests.pages.browsing import Readers
from tests.world import World


async def test_a_token_opens_the_page_that_was_asked_for(world: World, page_of: Readers) -> None:
    reader = await page_of(world, token=None)
    page = await reader.opens("/agents?from=here")
    assert "/signin?next=" in page.url

    await page.get_by_text("Use a token instead").click()
    await page.get_by_label("Admin or personal token").fill("fake-admin-token-for-tests")
    await page.get_by_role("button", name="Sign in with the token").click()

    assert page.url == f"{reader.url}/agents?from=here"
