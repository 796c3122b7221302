"""A channel that the host has never seen gets its whole page from its manifest."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory
from playwright.async_api import expect

from tests.pages import pigeon
from tests.pages.browsing import Readers
from tests.world import World

PATH = "/agents/support/channels/pigeon"
WHISTLE = "secret-whistle-01"


@pytest.fixture
async def roof(tmp_path: Path, blank: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[World]:
    """A host whose only channel is the unseen one."""
    shutil.copy(blank, tmp_path)
    world = World(tmp_path, clock)
    world.plugins = pigeon.plugins
    world.build()
    async with world:
        yield world


async def test_it_is_connected_tried_and_disconnected(roof: World, page_of: Readers) -> None:
    reader = await page_of(roof)
    page = await reader.opens(PATH)

    await expect(page.get_by_label("Plumage")).to_have_value("grey")
    await expect(page.locator(".path")).to_have_text(re.compile(r"^Roof\s.\sLeft\s.\sDoor\s*$"))
    await page.get_by_label("Loft").fill("L-123")
    await page.get_by_label("Whistle", exact=True).fill(pigeon.WRONG)
    await page.get_by_label("Wind").select_option("south")
    await page.get_by_label("Height").fill("12")
    await page.get_by_label("Flies at night").check()
    reader.expects_status(400)
    await page.get_by_role("button", name="Connect").click()

    await expect(page.get_by_role("alert")).to_contain_text("No bird comes to this whistle.")
    await expect(page.get_by_label("Whistle", exact=True)).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label("Height")).to_have_value("12")
    await page.get_by_label("Whistle", exact=True).fill(WHISTLE)
    await page.get_by_role("button", name="Connect").click()

    await expect(page.get_by_text("Pigeon Post is connected.")).to_be_visible()
    await expect(page.get_by_text("Connected. No message has arrived yet.")).to_be_visible()
    await expect(page.get_by_text("Hang up the ring")).to_be_visible()
    await expect(page.locator("#join")).to_have_text("Whistle below loft L-123, wind south.")
    await reader.examines()
    stored = (await roof.api("GET", "/api/agents/support/pigeon")).json()
    assert (stored["wind"], stored["height"], stored["nights"]) == ("south", 12, True)

    await page.get_by_role("button", name="Verify").click()
    await expect(page.get_by_text("The credentials work: Old loft.")).to_be_visible()
    await page.get_by_role("link", name="Send test message").click()
    await page.get_by_label("To").fill("L-321")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".state .badge")).to_have_text("Accepted")
    await reader.opens(f"{PATH}/disconnect")
    await page.get_by_role("button", name="Disconnect").click()
    await expect(page.get_by_text("Pigeon Post is disconnected.")).to_be_visible()
    assert WHISTLE not in await page.content()
