"""A browser at pages within an application, which is sent nothing of the application's session."""

from __future__ import annotations

from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory
from playwright.async_api import expect

from tests.application import Accounts, Town
from tests.pages.browsing import Readers
from tests.world import OWNER
from trinity_channels.principal import Owner

pytestmark = pytest.mark.alone("stories within the stand-in have their pages at other paths")
TOKEN = "fake-ines"


async def test_someone_signs_in_with_a_token_works_and_signs_out(
    tmp_path: Path, clock: FrozenDateTimeFactory, page_of: Readers
) -> None:
    accounts = Accounts({"support": Owner(TOKEN, OWNER, "Ines")})
    async with Town(tmp_path, clock, accounts) as town:
        reader = await page_of(town, token=None)
        reader.expects_status(401)
        page = await reader.opens("/channels/agents/support")

        await page.get_by_label("Personal token of the application").fill(TOKEN)
        await page.get_by_role("button", name="Sign in with the token").click()
        await expect(page.get_by_role("heading", name="support", exact=True)).to_be_visible()
        await reader.examines()
        assert page.url == f"{reader.url}/channels/agents/support"

        await page.get_by_role("button", name="Account and appearance").click()
        await page.get_by_role("button", name="Sign out", exact=True).click()
        await expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
        await reader.examines()
