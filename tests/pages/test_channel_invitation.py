"""What people have to be told before they can write: to copy, with what the owner has entered in it."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.world import Found, World

PATH = "/agents/support/channels/whatsapp"
SANDBOX = "whatsapp:+14155238886"


@pytest.fixture
async def sandbox(found: Found) -> World:
    """An agent on the sandbox that all accounts share."""
    world = await found(connected=False)
    answer = await world.connect(from_number=SANDBOX)
    assert answer.json()["is_sandbox"], answer.text
    return world


async def test_testers_are_told_how_to_join_as_soon_as_the_keyword_is_entered(sandbox: World, page_of: Readers) -> None:
    reader = await page_of(sandbox, permissions=["clipboard-read", "clipboard-write"])
    page = await reader.opens(PATH)
    await expect(page.locator("h1").get_by_text("Sandbox", exact=True)).to_be_visible()
    await expect(page.locator("#join")).to_contain_text("send “join <Sandbox keyword>”")

    await expect(page.get_by_role("main")).to_contain_text("<keyword>")
    await page.get_by_role("link", name="enter it").click()
    await expect(page.get_by_label("WhatsApp From Number")).to_have_value(SANDBOX)
    await expect(page.get_by_label("Auth Token", exact=True)).to_have_value("")
    await page.get_by_label("Sandbox keyword").fill("no keyword at all")
    reader.expects_status(422)
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#f-sandbox_keyword-problem")).to_contain_text("one or two words")
    await reader.examines()
    await page.get_by_label("Sandbox keyword").fill("join copper-lantern")
    await page.get_by_role("button", name="Save").click()

    told = "Open WhatsApp and send “join copper-lantern” to +1 415 523 8886."
    await expect(page.locator("#join")).to_contain_text(told)
    await page.get_by_role("button", name="Copy the instructions").click()
    await expect(page.get_by_role("status").get_by_text("Copied.")).to_be_attached()
    assert (await page.evaluate("navigator.clipboard.readText()")).startswith(told)
    await reader.examines()
    assert (await sandbox.binding())["invitation"].startswith(told)
    assert "<keyword>" not in await page.inner_text("main")


@pytest.mark.parametrize(
    ("entered", "stored"),
    [
        ("copper-lantern", "copper-lantern"),
        ("  join copper lantern ", "copper lantern"),
        ("", None),
        ("join ", None),
        ("<b>x</b>", 422),
        ("{auth_token}", 422),
        ("a b c", 422),
        ("x" * 41, 422),
        ("a\nb", 422),
    ],
)
async def test_only_a_keyword_is_one(sandbox: World, entered: str, stored: str | int | None) -> None:
    async with client_of(sandbox) as client:
        given = {**sandbox.twilio.settings(), "from_number": SANDBOX, "sandbox_keyword": entered}
        answer = await client.post(PATH, data=given, headers=OWN)

    if isinstance(stored, int):
        assert answer.status_code == stored
    else:
        assert answer.status_code == httpx.codes.SEE_OTHER
        assert (await sandbox.binding())["sandbox_keyword"] == stored


async def test_a_sender_of_ones_own_needs_no_invitation(world: World) -> None:
    async with client_of(world) as client:
        shown = (await client.get(PATH)).text

    assert 'id="join"' not in shown
    assert (await world.binding())["invitation"] is None
