"""The settings of the host: its public address with the check, and the plugins."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
from playwright.async_api import expect

from tests.installed import installed
from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.world import OWNER, PUBLIC, Found, World
from trinity_channels import plugins
from trinity_channels.web.auth import Role

URL = "/api/settings/public_chat_url"


async def test_the_public_address_is_set_and_the_webhook_url_copied(found: Found, page_of: Readers) -> None:
    world = await found(public_chat_url=None)
    reader = await page_of(world, permissions=["clipboard-read", "clipboard-write"])
    page = await reader.opens("/settings")
    await expect(page.get_by_text("there are no webhook URLs")).to_be_visible()

    await page.get_by_role("textbox", name="Public Chat URL").fill(f" {PUBLIC.upper()}/ ")
    await page.get_by_role("button", name="Save and check").click()

    await expect(page.get_by_text("Public Chat URL saved.")).to_be_visible()
    await expect(page.get_by_text("Reachable.")).to_be_visible()  # it was checked without being asked to
    await expect(page.locator("#check .lamps .good")).to_have_count(5)
    await reader.examines()

    await page.goto(f"{reader.url}/agents/support/channels/whatsapp")
    await page.get_by_role("button", name="Copy the webhook URL").click()
    await expect(page.get_by_role("status").get_by_text("Copied.")).to_be_attached()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == await world.webhook()
    assert copied.startswith(f"{PUBLIC}/api/whatsapp/webhook/")


@pytest.mark.parametrize(
    "entered", ["chat.example.org", "https://u:p@example.org", "javascript:alert(1)", "https://a b"]
)
async def test_a_wrong_address_is_told_at_its_field(world: World, entered: str) -> None:
    async with client_of(world) as client:
        answer = await client.post("/settings/public-chat-url", data={"value": entered}, headers=OWN)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert (await world.api("GET", URL)).json()["value"] == PUBLIC


async def test_an_address_that_leads_elsewhere_is_told_with_its_cause(world: World, page_of: Readers) -> None:
    reader = await page_of(world)
    page = await reader.opens("/settings")

    await page.get_by_role("textbox", name="Public Chat URL").fill("https://elsewhere.example.org")
    await page.get_by_role("button", name="Save and check").click()

    await expect(page.get_by_text("Not reachable.")).to_be_visible()
    await expect(page.locator("#check .lamps .bad")).to_have_count(1)
    await expect(page.locator("#check .alert.bad")).to_contain_text("elsewhere.example.org")
    # The steps of the set-up say the same without the page being loaded again.
    await expect(page.locator("#set-up-part")).to_contain_text("The name elsewhere.example.org")
    for told in ("#check .alert.bad", "#set-up-part"):
        await expect(page.locator(told)).to_contain_text("Correct the Public Chat URL, or add a DNS record")
    await expect(page.locator("#set-up-part")).not_to_contain_text("not checked yet")
    await reader.examines()


async def test_it_is_saved_and_checked_without_javascript(world: World, page_of: Readers) -> None:
    reader = await page_of(world, java_script_enabled=False)
    page = reader.page
    await page.goto(f"{reader.url}/settings")

    await page.get_by_role("textbox", name="Public Chat URL").fill(PUBLIC)
    await page.get_by_role("button", name="Save and check").click()
    await expect(page.get_by_text("Not checked yet since")).to_be_visible()
    await page.get_by_role("button", name="Check now").click()

    await expect(page.get_by_text("Reachable.")).to_be_visible()


async def test_a_public_address_is_taken_away_after_a_question(world: World, page_of: Readers) -> None:
    reader = await page_of(world)
    page = await reader.goes("/settings")
    await page.get_by_role("textbox", name="Public Chat URL").fill("")
    await page.get_by_role("button", name="Save and check").click()
    await expect(page.get_by_role("heading", name="Remove the Public Chat URL?")).to_be_visible()
    await reader.examines()
    await page.get_by_role("link", name="Keep it").click()
    assert (await world.api("GET", URL)).json()["value"] == PUBLIC

    await page.get_by_role("textbox", name="Public Chat URL").fill(" ")
    await page.get_by_role("button", name="Save and check").click()
    await page.get_by_role("button", name="Remove it").click()

    await expect(page.get_by_role("status").get_by_text("There are no webhook URLs now.")).to_be_visible()
    await expect(page.get_by_role("button", name="Check now")).to_have_count(0)  # there is nothing to check
    assert (await world.api("GET", URL)).json()["value"] is None


async def test_a_webhook_url_is_refused_with_the_address_to_enter(world: World) -> None:
    entered = await world.webhook()
    async with client_of(world) as client:
        answer = await client.post("/settings/public-chat-url", data={"value": entered}, headers=OWN)

    assert answer.status_code == 422
    assert f"The Public Chat URL must not be a webhook URL; enter {PUBLIC}." in answer.text
    assert (await world.api("GET", URL)).json()["value"] == PUBLIC


async def test_owners_have_no_settings(world: World) -> None:
    async with client_of(world, await world.token(Role.USER, OWNER)) as client:
        agents = (await client.get("/agents")).text
        looked = [(await client.get(path)).status_code for path in ("/settings", "/settings/tokens/new")]
        done = [
            (await client.post(path, data={"value": "", "role": "admin"}, headers=OWN)).status_code
            for path in ("/settings/public-chat-url", "/settings/public-chat-url/probe", "/settings/tokens")
        ]

    assert "Settings" not in agents
    assert looked == [403, 403]
    assert done == [403, 403, 403]
    assert (await world.api("GET", URL)).json()["value"] == PUBLIC


@pytest.mark.parametrize("reason", ["<script>alert(1)</script>", "x" * 4000, "\u202egnp.exe", "{{ 7 * 7 }}"])
async def test_a_plugin_that_cannot_be_used_is_shown_with_its_reason(
    found: Found, page_of: Readers, reason: str
) -> None:
    world = await found()
    await world.stops()
    usable, broken = installed(), plugins.Unavailable("matrix", "0.0.3", reason)
    world.plugins = lambda: plugins.Plugins({name: usable[name] for name in usable}, [broken])
    await world.starts()
    reader = await page_of(world)

    page = await reader.opens("/settings")

    row = page.get_by_role("row", name="matrix")
    await expect(row.get_by_text("Not usable")).to_be_visible()
    await expect(page.get_by_role("row", name="WhatsApp").get_by_text("Ready")).to_be_visible()
    assert await page.locator("main script, main img").count() == 0


async def test_it_tells_how_many_agents_use_each_channel(world: World, page_of: Readers) -> None:
    sender = world.twilio.add_sender("+16285550111", account=world.twilio.add_account("Sales"))
    await world.connect("sales", **world.twilio.settings(sender=sender))
    reader = await page_of(world)

    page = await reader.opens("/settings")

    used = page.get_by_role("row", name="WhatsApp").get_by_role("cell").nth(1)
    await expect(used).to_have_text("2 agents")
    await expect(page.get_by_role("row", name="Telegram").get_by_role("cell").nth(1)).to_have_text("None")

    await world.api("DELETE", "/api/agents/sales/whatsapp")
    await page.reload()

    await expect(used).to_have_text("1 agent")  # a disconnected one does not count


@pytest.mark.parametrize("unusable", [True, False])
async def test_a_channel_in_use_is_listed_without_its_plugin(world: World, *, unusable: bool) -> None:
    broken = [plugins.Unavailable("whatsapp", "0.0.3", "The hook is missing.")] if unusable else []
    await world.stops()
    usable = installed()
    world.plugins = lambda: plugins.Plugins({name: usable[name] for name in usable if name != "whatsapp"}, broken)
    await world.starts()

    async with client_of(world) as client:
        shown = (await client.get("/settings")).text
    listed = {one["name"]: one for one in (await world.api("GET", "/api/channels")).json()}

    assert ("Not usable" if unusable else "Not installed") in shown
    assert "1 agent<" in shown
    assert (listed["whatsapp"]["available"], listed["whatsapp"]["agents"]) == (False, 1)
    assert listed["telegram"]["agents"] == 0


async def test_only_administrators_are_told_how_many_agents_use_a_channel(world: World) -> None:
    owner = await world.token(Role.USER, OWNER)

    listed = (await world.api("GET", "/api/channels", token=owner)).json()

    assert {one["agents"] for one in listed} == {None}


async def test_a_host_without_channels_says_what_to_do(found: Found) -> None:
    world = await found(connected=False)
    await world.stops()
    world.plugins = lambda: plugins.load(list[EntryPoint]())
    await world.starts()

    async with client_of(world) as client:
        answer = await client.get("/settings")

    assert "No channel is installed" in answer.text
