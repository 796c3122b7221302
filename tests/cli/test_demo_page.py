"""The demo page in a real browser: what a newcomer does in the first two minutes."""

from __future__ import annotations

from playwright.async_api import expect

from trinity_channels_contract_tests.testing.browsed import browsed, examined


async def test_a_newcomer_gets_an_answer(demo: str) -> None:
    async with browsed(width=1280) as page:
        await page.goto(demo)
        phone = page.frame_locator("#phone")

        async def say(text: str) -> None:
            await phone.get_by_label("Message", exact=True).fill(text)
            await phone.get_by_label("Message", exact=True).press("Enter")

        owner = page.frame_locator("#owner")
        await expect(owner.get_by_role("heading", name="demo", exact=True)).to_be_visible()
        await say("Hello!")
        stranger = phone.get_by_text("This agent only talks to people with a verified e-mail address.")
        await expect(stranger).to_be_visible()
        await say("/login <b>zoe</b>@example.org")
        await expect(phone.get_by_text("That does not look like an e-mail address.")).to_be_visible()
        await say("/login zoe@example.org")
        await phone.get_by_role("button", name="Send it").click()
        await owner.get_by_role("button", name="Approve zoe@example.org").click()
        await expect(phone.get_by_text("You wrote:")).to_be_visible()
        await examined(page)
        await page.set_viewport_size({"width": 1280, "height": 844})
        await phone.get_by_role("switch", name="Cut after").click()
        await say("Only once?")
        await expect(phone.locator("blockquote", has_text="Only once?")).to_have_count(1)
        await phone.get_by_role("switch", name="Cut after").click()
        await phone.get_by_role("button", name="25 hours later").click()
        await expect(phone.get_by_text("on WhatsApp (Twilio)", exact=True)).to_be_visible()
        await phone.get_by_role("button", name="Agent writes first").click()

        await expect(phone.locator("#written")).to_contain_text(
            "More than 24 hours have passed since the person last wrote."
        )
        await expect(phone.locator("blockquote", has_text="Only once?")).to_have_count(1)


async def test_the_demo_and_the_phone_share_one_stream(demo: str) -> None:
    async with browsed(width=1280) as page:
        streams: list[str] = []
        page.on("request", lambda request: streams.append(request.url) if request.url.startswith(demo) else None)
        await page.goto(demo)
        await expect(page.frame_locator("#phone").get_by_text("Approve someone on the owner")).to_be_visible()
        await page.wait_for_load_state()

        assert [url for url in streams if "/live" in url] == [f"{demo}whatsapp/phones/Zoe/live"]


async def test_on_a_small_screen_the_phone_is_in_view_and_the_guide_follows_the_channel(demo: str) -> None:
    async with browsed(width=390) as page:
        await page.goto(demo)
        phone = page.frame_locator("#phone")
        await expect(phone.get_by_label("Message", exact=True)).to_be_in_viewport()
        await phone.get_by_label("Message", exact=True).press_sequentially("Hel")
        await expect(phone.get_by_text("Simulated business", exact=True)).to_be_in_viewport(ratio=1)
        assert await phone.locator("html").evaluate("() => scrollY") == 0
        await expect(page.get_by_role("heading", name="Try WhatsApp")).to_be_hidden()
        await page.get_by_label("Guide", exact=True).check()
        await expect(page.get_by_role("heading", name="Try WhatsApp")).to_be_in_viewport()
        await expect(page.get_by_text("then the code: press “Send it”")).to_be_visible()
        await page.get_by_role("link", name="Slack").click()
        await page.get_by_label("Guide", exact=True).check()
        await expect(page.get_by_role("heading", name="Try Slack")).to_be_visible()
        await expect(page.get_by_text("Slack vouches for the e-mail address")).to_be_visible()
        await expect(page.get_by_text("25 hours later")).to_have_count(0)
        await page.get_by_label("Owner", exact=True).check()
        await expect(page.frame_locator("#owner").get_by_role("heading", name="demo", exact=True)).to_be_visible()
        await page.get_by_label("Phone", exact=True).check()
        await expect(phone.get_by_text("Simulator — not Slack")).to_be_visible()


async def test_the_mailbox_has_a_page_of_its_own(demo: str) -> None:
    async with browsed(width=390) as page:
        await page.goto(f"{demo}mailbox")
        await expect(page.get_by_text("No mail yet")).to_be_visible()
        said = await page.request.post(f"{demo}whatsapp/phones/Zoe/say", data={"text": "/login zoe@example.org"})
        assert said.status == 202
        mail = page.get_by_text("Your code for demo on WhatsApp")
        await expect(mail).to_be_visible()
        await mail.click()
        await expect(page.get_by_text("If that was not you, ignore this mail")).to_be_visible()
        await examined(page)
