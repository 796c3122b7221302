"""Draws the demo and the phones of simulators for people to look at: light, dark and narrow. `make screenshots` runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.pages.browsing import launched

FOLDER = Path(__file__).parents[2] / "build/pictures"
SIZES = (("light", "light", 1280), ("dark", "dark", 1280), ("narrow", "light", 390))
CHANNELS = ("whatsapp", "telegram", "slack")


async def draw(page: Page, name: str, *, whole: bool = True) -> None:
    """Draw the page, or what the window shows of it."""
    for kind, scheme, width in SIZES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        await page.set_viewport_size({"width": width, "height": 844})
        await page.screenshot(path=FOLDER / f"{name}-{kind}.png", full_page=whole)
    await page.set_viewport_size({"width": 1280, "height": 844})


@pytest.mark.timeout(600)
async def test_draw_the_demo_and_its_phones(demo: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=20_000)
    async with launched() as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 844}, reduced_motion="reduce")
        await page.goto(f"{demo}mailbox")
        await draw(page, "mailbox-empty")
        await page.goto(demo)
        await draw(page, "demo-start", whole=False)
        await talk(page)
        await draw_panes(page)
        await page.goto(f"{demo}mailbox")
        await page.locator("summary").first.click()
        await draw(page, "mailbox")
        for channel in CHANNELS:
            await draw_phone(page, demo, channel)
        await draw_what_fails(page, demo)
        await draw_sandbox(page, demo)


async def talk(page: Page) -> None:
    """From a stranger's question to its answer, and an agent that is open to everyone afterwards."""
    phone, owner = page.frame_locator("#phone"), page.frame_locator("#owner")

    async def say(text: str, heard: str) -> None:
        await phone.get_by_label("Message", exact=True).fill(text)
        await phone.get_by_label("Message", exact=True).press("Enter")
        await expect(phone.get_by_text(heard).last).to_be_visible()

    await say("Can I see Dr. Lindqvist on Thursday?", "This agent only talks to people with a verified e-mail")
    await say("/login zoe@example.org", "I have mailed a code")
    await draw(page, "demo", whole=False)
    await phone.locator("#mailbox button").first.click()
    await owner.get_by_role("button", name="Approve zoe@example.org").click()
    await expect(phone.get_by_text("You wrote:")).to_be_visible()
    await owner.get_by_role("radio", name="Open access").check()
    await owner.get_by_role("button", name="Save policy").click()
    await expect(owner.locator(".toast")).to_be_visible()


async def draw_panes(page: Page) -> None:
    """What a small screen shows one after another."""
    await page.set_viewport_size({"width": 390, "height": 844})
    for pane in ("Guide", "Owner", "Phone"):
        await page.get_by_label(pane, exact=True).check()
        await page.screenshot(path=FOLDER / f"demo-{pane.lower()}-narrow.png")
    await page.set_viewport_size({"width": 1280, "height": 844})


async def draw_phone(page: Page, demo: str, channel: str) -> None:
    """A phone with everything that people can send, and a long answer."""
    await page.goto(f"{demo}{channel}/")
    await draw(page, f"phone-{channel}-start")
    for kind in ("photo", "voice", "file", "place"):
        await page.request.post(f"{demo}{channel}/phones/Zoe/send", data={"kind": kind})
    await page.request.post(f"{demo}{channel}/phones/Zoe/say", data={"text": "Tell me everything."})
    await expect(page.get_by_text("That was everything")).to_be_visible()
    await draw(page, f"phone-{channel}")
    for page_of_console in await page.locator("#console summary").all():
        await page_of_console.click()
    await draw(page, f"phone-{channel}-console")


async def draw_what_fails(page: Page, demo: str) -> None:
    """A message that comes too late, a fault that is on, and a second person."""
    await page.goto(f"{demo}whatsapp/")
    await page.get_by_role("button", name="25 hours later").click()
    await page.get_by_role("switch", name="Cut after").click()
    await page.get_by_role("button", name="Agent writes first").first.click()
    await expect(page.locator("#written")).to_contain_text("63016")
    await page.request.post(f"{demo}whatsapp/phones", data={"name": "Tomás"})
    await page.goto(f"{demo}whatsapp/?as=Zoe")
    await draw(page, "phone-late")
    await page.get_by_role("switch", name="Cut after").click()


async def draw_sandbox(page: Page, demo: str) -> None:
    """A phone in the sandbox."""
    pages = (await (await page.request.get(f"{demo}whatsapp/console")).json())["pages"]
    url, sandbox = pages[1]["webhook_url"], pages[2]["name"]
    await page.request.post(f"{demo}whatsapp/console/{sandbox}", data={"url": url})
    await page.goto(f"{demo}whatsapp/?as=Tomás")
    await page.get_by_role("button", name="Join the sandbox").click()
    await expect(page.get_by_text("You are all set!")).to_be_visible()
    await draw(page, "phone-sandbox")
