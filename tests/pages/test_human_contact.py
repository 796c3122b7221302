"""Whom people reach instead of the agent, on Sharing."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.world import HUMAN, OWNER, Found, World
from trinity_channels.web.auth import Role

PATH = "/agents/support"
FORM = f"{PATH}/human-contact"
API = "/api/agents/support/escalation-contact"


async def test_a_missing_contact_is_entered_where_the_finding_leads(found: Found, page_of: Readers) -> None:
    world = await found(connected=False)
    await world.connect("sales")  # an agent without one in the settings file
    reader = await page_of(world, await world.token(Role.USER, "sales@example.org"))
    page = await reader.opens("/agents/sales/channels/whatsapp")
    await page.get_by_role("link", name="Enter a contact").click()
    human = page.get_by_role("region", name="Human contact")

    await human.get_by_label("Contact").fill("nonsense")
    reader.expects_status(422)
    await human.get_by_role("button", name="Save contact").click()
    await expect(page.get_by_role("alert")).to_contain_text("This must be an e-mail address, a phone number")
    await expect(page.get_by_label("Contact")).to_be_focused()
    await reader.examines()
    await page.get_by_label("Contact").fill("+15557770009")
    await page.get_by_role("button", name="Save contact").click()

    await expect(page.get_by_role("status").get_by_text("are told +1 555-777-0009")).to_be_visible()
    await expect(human.get_by_label("Contact")).to_have_value("+1 555-777-0009")
    await reader.examines()
    zoe = world.person("Zoe")
    await zoe.says("/human")
    assert "+1 555-777-0009" in zoe.last().replace("\u200b", "")


async def test_an_empty_contact_is_removed_and_that_of_the_settings_file_counts(world: World) -> None:
    async with client_of(world, await world.token(Role.USER, OWNER)) as owner:
        await owner.post(FORM, data={"contact": "https://example.org/help"}, headers=OWN)
        stored = (await world.api("GET", API)).json()["contact"]
        answer = await owner.post(FORM, data={"contact": " "}, headers=OWN, follow_redirects=True)

    assert stored == "https://example.org/help"
    assert f"so that of the settings file counts: {HUMAN}." in answer.text
    assert (await world.api("GET", API)).json()["contact"] == HUMAN


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("a@", "This must be an e-mail address such as zoe@example.org."),
        ("https://", "This must be a link such as"),
        ("https://user:secret@example.org", "This must be a link without a user or password."),
        ("javascript:alert(1)", "This must be an e-mail address, a phone number"),
        ("0301234567", "This must be an e-mail address, a phone number"),
        ("x" * 2000, "This must be one line of at most 500 characters."),
        ("help@example.org\nBcc: all@example.org", "This must be one line"),
        ('"><script>alert(1)</script>', "This must be an e-mail address, a phone number"),
    ],
)
async def test_what_is_no_contact_is_said_at_the_field(world: World, given: str, problem: str) -> None:
    async with client_of(world) as admin:
        answer = await admin.post(FORM, data={"contact": given}, headers=OWN)
        again = await admin.get(FORM)

    assert (answer.status_code, again.status_code) == (422, 200)
    assert problem in answer.text
    assert "<script>alert" not in answer.text
    assert (await world.api("GET", API)).json()["contact"] == HUMAN
