from __future__ import annotations

import base64
import shutil
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from trinity_channels_whatsapp.simulator import TwilioSimulator

if TYPE_CHECKING:
    from trinity_channels_contract_tests.testing import Serve

NASTY = "<img src=x onerror=\"document.title='hacked'\"> *bold* _it_ ~no~ `a_b`\n- item\n```x = 1```\nsnake_case 2*3*4"


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.fail("no Chromium on this machine: run python tests/browser.py")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield await browser.new_page(viewport={"width": 420, "height": 800})
        await browser.close()


async def test_a_person_chats_on_the_page(make_sim: Callable[[str], TwilioSimulator], serve: Serve, page: Page) -> None:
    made = []

    def mounted(base_url: str) -> ASGIApp:
        made.append(make_sim(f"{base_url}/whatsapp"))
        return Starlette(routes=[Mount("/whatsapp", made[0].app)])

    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    async with serve(mounted) as base_url:
        await page.goto(f"{base_url}/whatsapp/")
        await expect(page.get_by_text("Simulator — not WhatsApp")).to_be_visible()
        await page.get_by_label("Name").fill("Zoe")
        await page.get_by_role("button", name="Add", exact=True).click()
        await page.get_by_label("Message", exact=True).fill("hello")
        await page.get_by_role("button", name="Send").click()
        await expect(page.locator(".bubble.mine")).to_contain_text("hello")
        await expect(page.get_by_role("img", name="Delivered")).to_be_visible()

        sim = made[0]
        zoe = sim.phone("Zoe")
        await page.request.post(
            f"{base_url}/whatsapp/2010-04-01/Accounts/{sim.account.sid}/Messages.json",
            form={"To": zoe.address, "From": sim.sender.address, "Body": NASTY},
            headers=basic(sim),
        )
        body = page.locator(".bubble.theirs .body").first
        await expect(body.locator("strong")).to_have_text("bold")
        await expect(body.locator("em")).to_have_text("it")
        await expect(body.locator("s")).to_have_text("no")
        await expect(body.locator("code")).to_have_text("a_b")
        await expect(body.locator("pre")).to_have_text("x = 1")
        await expect(body.locator("img")).to_have_count(0)
        await expect(body).to_contain_text("snake_case 2*3*4")
        assert await page.title() == "Phone simulator"

        zoe.show_typing()
        await expect(page.get_by_role("status")).to_have_text("typing…")

        await page.get_by_role("button", name="25 hours later").click()
        await expect(page.locator("#clock")).to_contain_text("23")
        await page.request.post(
            f"{base_url}/whatsapp/2010-04-01/Accounts/{sim.account.sid}/Messages.json",
            form={"To": zoe.address, "From": sim.sender.address, "Body": "still there?"},
            headers=basic(sim),
        )
        await expect(page.locator(".bubble.failed")).to_contain_text("63016")
        await sim.settle()
        assert complaints == []


def basic(sim: TwilioSimulator) -> dict[str, str]:
    pair = f"{sim.account.sid}:{sim.account.token}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
