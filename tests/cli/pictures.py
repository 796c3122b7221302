"""Draws the demo and the phones of simulators for people to look at: light, dark and narrow. `make screenshots` runs it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from trinity_channels_contract_tests.testing.browsed import browsed

FOLDER = Path(__file__).parents[2] / "build/pictures"
SIZES = (("light", "light", 1280), ("dark", "dark", 1280), ("narrow", "light", 390))


async def draw(page: Page, name: str) -> None:
    for kind, scheme, width in SIZES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        await page.set_viewport_size({"width": width, "height": 844})
        await page.screenshot(path=FOLDER / f"{name}-{kind}.png")


@pytest.mark.timeout(600)
async def test_draw_the_demo_and_its_phones(demo: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with browsed(width=1280) as page:
        await page.goto(demo)
        phone = page.frame_locator("#phone")

        async def say(text: str, heard: str) -> None:
            await phone.get_by_label("Message", exact=True).fill(text)
            await phone.get_by_label("Message", exact=True).press("Enter")
            await expect(phone.get_by_text(heard).last).to_be_visible()

        await say("Can I see Dr. Lindqvist on Thursday?", "This agent only talks to people with a verified e-mail")
        await say("/login zoe@example.org", "I have mailed a code")
        await draw(page, "demo")
        await page.set_viewport_size({"width": 1280, "height": 844})
        await phone.get_by_role("button", name="Send it").click()
        await page.get_by_role("button", name="Approve").click()
        await expect(phone.get_by_text("You wrote:")).to_be_visible()
        for channel in ("whatsapp", "telegram", "slack"):
            for kind in ("photo", "voice", "file", "place"):
                await page.request.post(f"{demo}{channel}/phones/Zoe/send", data={"kind": kind})
            await page.request.post(f"{demo}{channel}/phones/Zoe/say", data={"text": "Tell me everything."})
        for request in (await (await page.request.get(f"{demo}requests")).json())["requests"]:
            await page.request.post(f"{demo}requests/{request['id']}/decide", data={"approve": True})
        for channel in ("whatsapp", "telegram", "slack"):
            await page.goto(f"{demo}{channel}/?as=Zoe")
            await expect(page.locator(".talk > li:not(.out, .mid)").first).to_be_visible()
            if channel != "telegram":  # there she has not signed in
                await expect(page.get_by_text(re.compile("That was everything"))).to_be_visible()
            await draw(page, f"phone-{channel}")
        await page.goto(f"{demo}mailbox")
        await draw(page, "mailbox")
