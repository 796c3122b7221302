"""The page behind a link in an owner's mail, in a real browser: its policy must allow its own style and buttons."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.sync_api import sync_playwright

from tests.browser import find
from tests.cli.conftest import Terminal
from tests.world import OWNER, PUBLIC, World


def click(link: str, button: str) -> tuple[str, str, list[str]]:
    """Open a link and click: the heading afterwards, the width that the style gives the page, what the browser says."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(link)
        width = page.evaluate("getComputedStyle(document.body).maxWidth")
        with page.expect_navigation():
            page.get_by_role("button", name=button).click()
        heading = page.get_by_role("heading").inner_text()
        browser.close()
    return heading, width, complaints


async def test_the_time_of_the_request_is_told_in_the_readers_zone(world: World, terminal: Terminal) -> None:
    await world.person("Zoe").verifies("zoe@example.org")
    await world.later(minutes=1)
    found = re.search(rf"{PUBLIC}(\S+/decide/\S+)", world.mails.to(OWNER)[0].text)
    assert found

    async with terminal.serving(world) as url:
        told, exactly = await asyncio.to_thread(read_in_new_york, url + found[1])

    assert re.fullmatch(r"Mar 2, 2026, 4:00\sAM", told)
    assert exactly.endswith("EST")


def read_in_new_york(link: str) -> tuple[str, str]:
    """The time on the page, and what it says on hover."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        page = browser.new_page(timezone_id="America/New_York", locale="en-US")
        page.goto(link)
        time = page.locator("time")
        shown = time.inner_text(), time.get_attribute("title") or ""
        browser.close()
    return shown


@pytest.mark.parametrize(
    ("button", "heading", "status"), [("Approve", "Approved", "approved"), ("Decline", "Declined", "denied")]
)
async def test_the_buttons_of_the_page_decide(
    world: World, terminal: Terminal, button: str, heading: str, status: str
) -> None:
    await world.person("Zoe").verifies("zoe@example.org")
    await world.later(minutes=1)
    found = re.search(rf"{PUBLIC}(\S+/decide/\S+)", world.mails.to(OWNER)[0].text)
    assert found

    async with terminal.serving(world) as url:
        shown, width, complaints = await asyncio.to_thread(click, url + found[1], button)

    assert shown == heading
    assert width != "none"
    assert [one for one in complaints if "favicon" not in one] == []
    assert [one["email"] for one in await world.requests(status)] == ["zoe@example.org"]
