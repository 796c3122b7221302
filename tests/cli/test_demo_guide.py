"""The user guide, tried sentence by sentence in the demo: what its reader clicks, and what they are promised to see."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from playwright.async_api import FrameLocator, Locator, Page, expect

from tests.pages.browsing import launched

SANDBOX = "whatsapp:+14155238886"
OWN = "whatsapp:+16285550100"


class Reader:
    """Who reads the guide with the demo before them: the owner's pages, the phone, and the provider's console below it."""

    def __init__(self, page: Page, demo: str) -> None:
        self.page = page
        self.demo = demo
        self.owner: FrameLocator = page.frame_locator("#owner")
        self.phone: FrameLocator = page.frame_locator("#phone")

    async def goes_to(self, *menu: str) -> None:
        for name in menu:
            await self.owner.get_by_role("link", name=re.compile(rf"{name}\b")).first.click()

    async def opens_whatsapp(self, agent: str = "demo", button: str = "Open") -> None:
        """Agent detail page, Sharing tab, the WhatsApp (Twilio) section."""
        await self.goes_to("Agents", agent)
        await expect(self.owner.get_by_role("link", name="Sharing")).to_have_attribute("aria-current", "page")
        await self.owner.get_by_role("link", name=f"{button} WhatsApp (Twilio)").click()
        await expect(self.owner.get_by_role("heading", name="WhatsApp (Twilio)", level=1)).to_be_visible()

    async def says(self, text: str, answer: str = "") -> None:
        await self.phone.get_by_label("Message", exact=True).fill(text)
        await self.phone.get_by_label("Message", exact=True).press("Enter")
        if answer:
            await self.hears(answer)

    async def hears(self, text: str) -> None:
        await expect(self.phone.locator(".talk > li:not(.out)", has_text=text).last).to_be_visible()

    async def console(self, title: str) -> Locator:
        """A page of the provider's console, opened."""
        found = self.phone.locator("#console details", has=self.phone.get_by_text(title, exact=False).first)
        if await found.get_attribute("open") is None:
            await found.locator("summary").click()
        return found

    async def copies(self, title: str, label: str) -> str:
        page = await self.console(title)
        field = page.locator(".field", has=self.phone.get_by_text(label, exact=True))
        return await field.locator("code").inner_text()

    async def enters(self, title: str, url: str) -> None:
        page = await self.console(title)
        await page.get_by_role("textbox").fill(url)
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("textbox")).to_have_value(url)

    async def connects(self, sender: str, token: str = "") -> None:
        account = "Account: Simulated business"
        await self.owner.get_by_label("Twilio Account SID").fill(await self.copies(account, "Account SID"))
        await self.owner.get_by_label("Auth Token", exact=True).fill(token or await self.copies(account, "Auth Token"))
        await self.owner.get_by_label("WhatsApp From Number").fill(sender)
        await self.owner.get_by_role("button", name="Connect", exact=True).click()

    async def disconnects(self) -> None:
        await self.owner.get_by_role("link", name="Disconnect").click()
        await self.owner.get_by_role("button", name="Disconnect").click()
        await self.is_told("is disconnected")

    async def sets_public_url(self, url: str) -> None:
        await self.goes_to("Settings")
        await self.owner.get_by_role("textbox", name="Public Chat URL").fill(url)
        await self.owner.get_by_role("button", name="Save and check").click()
        if not url:
            await self.owner.get_by_role("button", name="Remove it").click()
        await self.is_told(f"Public Chat URL {'saved' if url else 'is removed'}")

    async def policy(self, name: str) -> None:
        await self.goes_to("Agents", "demo")
        await self.owner.get_by_role("radio", name=name).check()
        await self.owner.get_by_role("button", name="Save policy").click()
        await self.is_told("olicy")

    async def is_told(self, words: str) -> None:
        """What was just done is told: a page that is left before may never have done it, or come back."""
        await expect(self.owner.get_by_role("status").filter(has_text=words)).to_be_visible()


@asynccontextmanager
async def reading(demo: str) -> AsyncIterator[Reader]:
    """A reader at the demo; the browser may only complain of answers to wrong input."""
    complaints: list[str] = []
    async with launched() as browser:
        page = await browser.new_page(viewport={"width": 1680, "height": 1000}, reduced_motion="reduce")
        page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(demo)
        yield Reader(page, demo)
    # Not that streams break off: a page that is left ends its own.
    usual = ("with a status of 4", "with a status of 502", "Blocked autofocusing", "htmx:error: Failed to fetch")
    assert [one for one in complaints if not any(words in one for words in usual)] == []


async def test_an_agent_is_connected_to_the_sandbox(demo: str) -> None:
    async with reading(demo) as reader:
        owner = reader.owner
        host = httpx.URL(await reader.page.locator("#owner").get_attribute("src") or "")
        base = f"{host.scheme}://{host.host}:{host.port}"

        # 1. Public URL, 2. ingress rule
        await reader.sets_public_url(base)
        await expect(owner.get_by_text("Reachable.")).to_be_visible()
        async with httpx.AsyncClient(trust_env=False) as curl:
            assert (await curl.post(f"{base}/api/whatsapp/webhook/test")).status_code == 200

        # One Twilio account per agent
        await reader.opens_whatsapp("my-agent", "Connect")
        await reader.connects(SANDBOX)
        await expect(owner.get_by_role("alert")).to_contain_text("connected to your agent demo")

        await reader.opens_whatsapp()
        await reader.disconnects()
        await reader.opens_whatsapp("my-agent", "Connect")
        await reader.connects(SANDBOX, "0" * 32)
        await expect(owner.get_by_role("alert")).to_contain_text("Authenticate")
        await reader.connects(SANDBOX)
        await expect(owner.get_by_text("Sandbox", exact=True).first).to_be_visible()
        await expect(owner.get_by_text("A tunnel or proxy has to pass this path on")).to_be_visible()

        # Wire the webhook in Twilio: it is not asked for before
        await expect(reader.phone.get_by_role("button", name="Join the sandbox")).to_have_count(0)
        url = await owner.locator("#hook").inner_text()
        assert url.startswith(f"{base}/api/whatsapp/webhook/")
        await reader.enters("Sandbox", url)

        # Sandbox opt-in
        keyword = await reader.copies("Sandbox", "What testers send first")
        await reader.phone.get_by_role("button", name="Join the sandbox").click()
        await reader.hears("You are all set!")
        await expect(reader.phone.locator(".talk > li.out").last).to_contain_text(keyword)
        await reader.says("Hello!", "This agent only talks to people with a verified e-mail address.")

        # Verify, Disconnect
        await reader.opens_whatsapp("my-agent")
        await owner.get_by_role("button", name="Verify").first.click()
        await expect(owner.get_by_text("The credentials work")).to_be_visible()
        await reader.disconnects()
        await expect(owner.get_by_role("button", name="Connect", exact=True)).to_be_visible()
        assert await (await reader.console("Sandbox")).get_by_role("textbox").input_value() == url


async def test_people_use_the_commands_and_the_owner_the_policies(demo: str) -> None:
    async with reading(demo) as reader:
        owner = reader.owner

        # Open access: any user can chat
        await reader.policy("Open access")
        await reader.says("Hello!", "You wrote:")

        # Require email: prompted, then /login with address and code
        await reader.policy("Require email")
        await reader.says("Hello again!", "This agent only talks to people with a verified e-mail address.")
        await reader.says("/login user@example.com", "I have mailed a code")
        code = await reader.phone.locator("#mailbox .code").inner_text()
        await reader.says(f"/login {code}", "You are signed in as user@example.com.")
        await expect(reader.phone.locator("blockquote", has_text="Hello again!")).to_have_count(1)
        await reader.says("/whoami", "Verified with a mailed code")

        # Require sharing: a request is created, the user is told, approving adds the address to the list
        await reader.policy("Require sharing")
        await reader.says("May I?", "The owner of this agent has been asked to let you in.")
        await owner.get_by_role("button", name="Approve user@example.com").click()
        await expect(
            owner.locator("section", has=owner.locator("#people")).get_by_text("user@example.com").first
        ).to_be_visible()
        await expect(reader.phone.locator("blockquote", has_text="May I?")).to_have_count(1)

        # /logout
        await reader.says("/logout", "signed out")
        await reader.says("/whoami", "You are not signed in")
        await reader.says("/login 123456", "There is no code to confirm")
        await reader.says("/help", "/human shows how to reach a person")

        # An agent that cannot write first is told why, beside the button
        await reader.opens_whatsapp()
        await reader.disconnects()
        await reader.phone.get_by_role("button", name="Agent writes first").click()
        problem = reader.phone.locator("#first-problem")
        await expect(problem).to_contain_text("WhatsApp (Twilio) is not connected to this agent.")
        await expect(problem).to_be_in_viewport()


async def test_what_the_troubleshooting_names_is_seen_and_corrected(demo: str) -> None:
    async with reading(demo) as reader:
        owner = reader.owner
        await reader.policy("Open access")
        base = str(await owner.locator("html").evaluate("() => location.origin"))

        # "public_chat_url is not set": the webhook URL appears once it is saved
        await reader.sets_public_url("")
        await expect(owner.get_by_text("there are no webhook URLs").first).to_be_visible()
        await reader.opens_whatsapp()
        await expect(owner.get_by_text("There is none until the Public Chat URL is set.")).to_be_visible()
        await expect(owner.get_by_role("list", name="Needs attention")).to_contain_text("public_chat_url is not set")

        # The URL that Twilio signed is not the one that Trinity sees
        await reader.sets_public_url("https://your-domain.com")
        await expect(owner.get_by_text("Not reachable.")).to_be_visible()
        await reader.says("Is anyone there?")
        await reader.opens_whatsapp()
        await expect(owner.get_by_role("list", name="Needs attention")).to_contain_text("ignature")
        await reader.sets_public_url(base)
        await expect(owner.get_by_text("Reachable.", exact=False).first).to_be_visible()
        await reader.says("And now?")
        await expect(reader.phone.locator("blockquote", has_text="And now?")).to_have_count(1)

        # Credentials rejected: the token resets with "regenerate"
        account = await reader.console("Account: Simulated business")
        await account.get_by_role("button", name="Regenerate the Auth Token").click()
        await expect(account.get_by_text("feedface000000000000000000000002")).to_be_visible()
        await reader.opens_whatsapp()
        await owner.get_by_role("button", name="Verify").first.click()
        await expect(owner.get_by_text("Authenticate").first).to_be_visible()
        await owner.get_by_role("link", name="Edit", exact=True).click()
        await owner.get_by_label("Auth Token", exact=True).fill(
            await reader.copies("Account: Simulated business", "Auth Token")
        )
        await owner.get_by_role("button", name="Save").click()
        await expect(owner.get_by_text("WhatsApp (Twilio) is saved.")).to_be_visible()
        await reader.says("Once more?")
        await expect(reader.phone.locator("blockquote", has_text="Once more?")).to_have_count(1)

        # The 24-hour window: a test message arrives, and later it does not
        await owner.get_by_role("link", name="Send test message").click()
        number = str((await (await reader.page.request.get(f"{demo}whatsapp/phones")).json())["phones"][0]["address"])
        await owner.get_by_label("To").fill(number)
        await owner.get_by_label("Message").fill("Test from Trinity")
        await owner.get_by_role("button", name="Send", exact=True).click()
        await reader.hears("Test from Trinity")
        await reader.phone.get_by_role("button", name="25 hours later").click()
        await owner.get_by_role("link", name="Send another").click()
        await owner.get_by_label("To").fill(number)
        await owner.get_by_label("Message").fill("Test, a day later")
        await owner.get_by_role("button", name="Send", exact=True).click()
        await expect(owner.get_by_text("63016").first).to_be_visible()


async def test_the_calls_of_the_guide_work_with_a_token_of_the_settings_page(demo: str) -> None:
    async with reading(demo) as reader:
        owner = reader.owner
        await reader.opens_whatsapp()
        await reader.disconnects()
        await reader.goes_to("Settings", "New token")
        await owner.get_by_role("radio", name="Administrator").check()
        await owner.get_by_label("Label").fill("guide")
        await owner.get_by_role("button", name="Make the token").click()
        token = await owner.locator("#token").inner_text()
        account = "Account: Simulated business"
        body = {
            "account_sid": await reader.copies(account, "Account SID"),
            "auth_token": await reader.copies(account, "Auth Token"),
            "from_number": SANDBOX,
        }
        base = str(await owner.locator("html").evaluate("() => location.origin"))
        async with httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {token}"}) as curl:
            path = f"{base}/api/agents/my-agent/whatsapp"
            connected = (await curl.put(path, json=body)).json()
            await reader.enters("Sandbox", connected["webhook_url"])
            await reader.phone.get_by_role("button", name="Join the sandbox").click()
            await reader.hears("You are all set!")
            status = (await curl.get(path)).json()
            verified = (await curl.post(f"{path}/test", json={})).json()
            number = await reader.page.request.get(f"{demo}whatsapp/phones")
            to = {"to_number": (await number.json())["phones"][0]["address"], "message": "Test from Trinity"}
            sent = (await curl.post(f"{path}/test", json=to)).json()
            await reader.hears("Test from Trinity")
            removed = await curl.delete(path)

    assert (status["configured"], status["is_sandbox"]) == (True, True)
    assert (verified["ok"], sent["ok"], removed.status_code) == (True, True, 200)
