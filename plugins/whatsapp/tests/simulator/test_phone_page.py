"""WhatsApp's phone in a browser: what people see and do, with and without scripts."""

from __future__ import annotations

import base64

from playwright.async_api import Page, expect

from trinity_channels_contract_tests.testing.browsed import browsed, examined
from trinity_channels_whatsapp.simulator import TwilioSimulator

NASTY = (
    "<img src=x onerror=\"document.title='hacked'\"> *bold _both_* ~no~ `a_b` https://x.example/a_b_c\n"
    "- item\n1. first\n> quoted\n```x = 1```\nsnake_case 2*3*4"
)


async def add(page: Page, name: str) -> None:
    if not await page.get_by_placeholder("Name").is_visible():
        await page.get_by_text("New person").click()
    await page.get_by_placeholder("Name").fill(name)
    await page.get_by_role("button", name="Add", exact=True).click()


async def write(page: Page, text: str) -> None:
    await page.get_by_label("Message", exact=True).fill(text)
    await page.get_by_label("Message", exact=True).press("Enter")


async def send(page: Page, url: str, sim: TwilioSimulator, **fields: str) -> None:
    """Let the account send to Zoe."""
    pair = base64.b64encode(f"{sim.account.sid}:{sim.account.token}".encode()).decode()
    await page.request.post(
        f"{url}2010-04-01/Accounts/{sim.account.sid}/Messages.json",
        form={"To": sim.phone("Zoe").address, "From": sim.sender.address, **fields},
        headers={"Authorization": f"Basic {pair}"},
    )


async def test_a_person_chats(mounted: tuple[TwilioSimulator, str]) -> None:
    sim, url = mounted
    async with browsed() as page:
        await page.goto(url)
        await expect(page.get_by_text("Simulator — not WhatsApp")).to_be_visible()
        await examined(page)
        await add(page, "Zoe")
        await write(page, "hello")
        await expect(page.locator(".out .bubble")).to_have_text("hello")
        await expect(page.get_by_label("Message", exact=True)).to_have_value("")
        await expect(page.locator(".out .badge")).to_have_text("Delivered")

        await send(page, url, sim, Body=NASTY)
        body = page.locator(".talk > li:not(.out) .body").first
        await expect(body.locator("strong")).to_have_text("bold both")
        await expect(body.locator("strong em")).to_have_text("both")
        await expect(body.locator("s")).to_have_text("no")
        await expect(body.locator("code")).to_have_text("a_b")
        await expect(body.locator("pre")).to_have_text("x = 1")
        await expect(body.locator("ul > li")).to_have_text("item")
        await expect(body.locator("ol > li")).to_have_text("first")
        await expect(body.locator("blockquote")).to_have_text("quoted")
        await expect(body.locator("a")).to_have_attribute("href", "https://x.example/a_b_c")
        await expect(body.locator("img")).to_have_count(0)
        await expect(body).to_contain_text("snake_case 2*3*4")
        assert await page.title() == "WhatsApp simulator"

        sim.phone("Zoe").show_typing()
        await expect(page.get_by_role("status")).to_have_text("typing…")
        await page.get_by_role("button", name="25 hours later").click()
        await expect(page.locator("#clock")).to_contain_text("reply window has closed")
        await send(page, url, sim, Body="still there?")
        await expect(page.locator(".failure")).to_contain_text("63016")
        await examined(page)
        await sim.settle()


async def test_people_send_photos_voice_notes_and_places_and_tap_buttons(mounted: tuple[TwilioSimulator, str]) -> None:
    sim, url = mounted
    zoe = sim.phone("Zoe")
    sim.phone("Tomás")
    template = sim.add_template("ask", "Courier?", buttons={"Yes": "y", "No": "n"}, kind="twilio/quick-reply")
    async with browsed(width=390) as page:
        await page.goto(f"{url}?as=Zoe")
        for kind in ("Photo", "Voice note", "Document", "Place"):
            await page.get_by_role("button", name="Attach").click()
            await page.get_by_role("button", name=kind, exact=True).click()
            await expect(page.locator("#attach")).to_be_hidden()
        await expect(page.locator(".bubble img")).to_have_js_property("naturalWidth", 480)
        await expect(page.locator(".bubble audio")).to_be_visible()
        await expect(page.get_by_text("Market Hall, 12 Example Street")).to_be_visible()
        await send(page, url, sim, ContentSid=template.sid)
        await page.get_by_role("button", name="Yes").click()
        await expect(page.locator(".out .bubble").last).to_have_text("Yes")
        await examined(page)
        await page.get_by_role("link", name="Tomás").click()
        await expect(page.get_by_text("Nothing yet.")).to_be_visible()
        await sim.settle()
    assert [one.media[0].content_type for one in zoe.bubbles if one.media] == [
        "image/jpeg",
        "audio/ogg",
        "application/pdf",
    ]


async def test_a_person_joins_the_sandbox_and_leaves_it(mounted: tuple[TwilioSimulator, str]) -> None:
    sim, url = mounted
    sim.phone("Zoe")
    async with browsed() as page:
        await page.goto(url)
        await expect(page.get_by_label("Message", exact=True)).to_be_visible()
        await expect(page.get_by_role("button", name="Join the sandbox")).to_have_count(0)
        await page.get_by_text("Sandbox", exact=True).click()
        await page.get_by_label("When a message comes in").fill("http://host.test/api/whatsapp/webhook/key")
        await page.get_by_role("button", name="Save").last.click()
        await page.get_by_role("button", name="Join the sandbox").click()
        await expect(page.get_by_text("You are all set!")).to_be_visible()
        await expect(page.get_by_role("status")).to_contain_text("joined the sandbox")
        await page.get_by_role("button", name="Leave the sandbox").click()
        await expect(page.get_by_text("You have left the sandbox.")).to_be_visible()
        await page.get_by_role("button", name="Write to +16285550100").click()
        await expect(page.get_by_role("status")).to_have_text("+16285550100")
        await sim.settle()


async def test_faults_are_switches(mounted: tuple[TwilioSimulator, str]) -> None:
    sim, url = mounted
    sim.phone("Zoe")
    async with browsed() as page:
        await page.goto(url)
        switch = page.get_by_role("switch", name="Too many requests")
        await expect(switch).not_to_be_checked()
        await switch.click()
        await expect(switch).to_be_checked()
        await page.get_by_role("switch", name="Duplicate").click()
        await expect(page.get_by_role("switch", name="Duplicate")).to_be_checked()
        assert sim.behaviour.duplicate_webhooks
        await switch.click()
        await expect(switch).not_to_be_checked()


async def test_it_works_without_scripts(mounted: tuple[TwilioSimulator, str]) -> None:
    _, url = mounted
    async with browsed(width=390, javascript=False) as page:
        await page.goto(url)
        await add(page, "Zoe / Sam")
        await page.get_by_label("Message", exact=True).fill("hello\nthere")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator(".out .bubble")).to_have_text("hello\nthere")
        await page.get_by_role("switch", name="Cut after").click()
        await expect(page.get_by_role("switch", name="Cut after")).to_be_checked()
        await page.get_by_role("button", name="25 hours later").click()
        await expect(page.locator("#clock")).to_contain_text("reply window has closed")
        await expect(page.get_by_role("log", name="Messages on Zoe / Sam")).to_be_visible()
