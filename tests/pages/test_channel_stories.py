"""Stories of an owner and a channel that are longer than one button."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.world import OWNER, World
from trinity_channels.web.auth import Role

PATH = "/agents/support/channels/whatsapp"
NEW = "e" * 32


async def test_a_wrong_signature_is_diagnosed_and_fixed(world: World, page_of: Readers) -> None:
    await world.policy("open")
    reader = await page_of(world, await world.token(Role.USER, OWNER))
    page = await reader.opens(PATH)

    # A new token is made in the provider's console, which signs with it from then on.
    world.twilio.account.token = NEW
    zoe = world.person("Zoe")
    await zoe.says("hello?")

    issues = page.get_by_role("list", name="Needs attention")
    await expect(issues).to_contain_text("The signature of a webhook was wrong")
    await expect(page.locator(".lamps .bad")).to_contain_text("Signature")
    await expect(page.locator(".state")).to_contain_text("not receiving: the signature was wrong")
    assert zoe.heard() == []
    await reader.examines()

    await issues.get_by_role("link", name="Edit the settings").click()
    await page.get_by_label("Auth Token", exact=True).fill(NEW)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("WhatsApp (Twilio) is saved.")).to_be_visible()
    await zoe.says("hello again")

    await expect(issues).to_have_count(0)
    await expect(page.locator(".lamps li.good")).to_have_count(5)
    assert "hello again" in zoe.last()
    await reader.examines()


async def test_the_webhook_url_is_copied(world: World, page_of: Readers) -> None:
    reader = await page_of(world, permissions=["clipboard-read", "clipboard-write"])
    page = await reader.opens(PATH)

    await page.get_by_role("button", name="Copy the webhook URL").click()

    await expect(page.get_by_role("status").get_by_text("Copied.")).to_be_attached()
    assert await page.evaluate("navigator.clipboard.readText()") == await world.webhook()


async def test_without_a_clipboard_it_is_selected(world: World, page_of: Readers) -> None:
    reader = await page_of(world)
    page = await reader.opens(PATH)
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")

    await page.get_by_role("button", name="Copy the webhook URL").click()

    await expect(page.get_by_role("status").get_by_text("press Ctrl+C")).to_be_attached()
    assert await page.evaluate("getSelection().toString()") == await world.webhook()


async def test_an_owner_without_a_public_address_is_told_who_sets_it(world: World, page_of: Readers) -> None:
    await world.api("PUT", "/api/settings/public_chat_url", {"value": ""})
    owner = await (await page_of(world, await world.token(Role.USER, OWNER))).opens(PATH)
    admin = await (await page_of(world)).opens(PATH)

    await expect(owner.get_by_text("An administrator sets it.")).to_be_visible()
    await expect(owner.get_by_role("link", name="Set the Public Chat URL")).to_have_count(0)
    await admin.get_by_role("link", name="Set the Public Chat URL").click()
    await expect(admin.get_by_role("heading", name="Public Chat URL")).to_be_visible()


async def test_every_button_beside_a_finding_leads_somewhere(world: World, page_of: Readers) -> None:
    await world.policy("open")
    await world.api("PUT", "/api/settings/public_chat_url", {"value": "http://192.0.2.7"})
    world.twilio.account.token = NEW
    reader = await page_of(world)
    page = await reader.opens(PATH)
    await page.get_by_role("button", name="Verify").first.click()

    issues = page.get_by_role("list", name="Needs attention")
    await expect(issues.get_by_role("link").first).to_be_visible()
    links = await issues.get_by_role("link").evaluate_all("every => every.map(one => one.href)")

    assert len(links) >= 2
    for link in links:
        answer = await page.context.request.get(link)
        assert answer.status == httpx.codes.OK, link
    assert "`" not in await issues.inner_text()
    assert "trinity-channels" not in await issues.inner_text()


async def test_other_peoples_agents_look_like_none(world: World, page_of: Readers) -> None:
    reader = await page_of(world, await world.token(Role.USER, OWNER))
    await reader.opens(PATH)
    shown = []
    for path in ("/agents/sales", "/agents/sales/channels/whatsapp", "/agents/none", "/agents/none/channels/whatsapp"):
        reader.expects_status(404)
        page = await reader.opens(path)
        await expect(page.get_by_role("heading", name="Not found")).to_be_visible()
        shown.append(await page.locator("body").inner_text())

    assert len(set(shown)) == 1
    assert "sales" not in shown[0]


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("disconnect", {}),
        ("rotate", {}),
        ("verify", {}),
        ("webhook", {}),
        ("test", {"to": "+15550001111"}),
    ],
)
async def test_what_another_tab_has_disconnected_is_told(world: World, action: str, data: dict[str, str]) -> None:
    path = "/agents/support/channels/whatsapp"
    async with client_of(world) as client:
        first = await client.post(f"{path}/disconnect", headers=OWN)
        second = await client.post(f"{path}/{action}", data=data, headers=OWN)
        page = (await client.get(path)).text

    assert (first.status_code, second.status_code, second.headers["location"]) == (303, 303, path)
    assert "WhatsApp (Twilio) is already disconnected." in page


async def test_what_another_tab_has_removed_is_told(world: World) -> None:
    await world.shares("zoe@example.org")
    made = (await world.api("POST", "/api/tokens", {"role": "admin"})).json()
    async with client_of(world) as client:
        remove, revoke = "/agents/support/people/remove", f"/settings/tokens/{made['id']}/revoke"
        for _ in range(2):
            removed = await client.post(remove, data={"email": "zoe@example.org"}, headers=OWN)
            revoked = await client.post(revoke, headers=OWN)

    assert "The agent is not shared with this e-mail." in removed.text
    assert "There is no such token." in revoked.text
    assert "someone else" not in removed.text + revoked.text
