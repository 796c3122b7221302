"""The buttons of a conversation: where they lead back to, and what a page says where they do not help."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.pages.reading import path
from tests.world import World
from trinity_channels.api import Fault


async def test_what_only_the_person_can_change_is_told_and_a_second_failure_is_shown_in_its_place(
    town: World, page_of: Readers
) -> None:
    zoe = town.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await town.shares("zoe@example.org", proactive=True)
    for number in range(6):
        await zoe.says(f"question {number}")
    town.twilio.advance(timedelta(hours=25))
    first = {"recipient_email": "zoe@example.org", "text": "Good morning", "channel": "whatsapp"}
    assert (await town.api("POST", "/api/agents/support/messages", first)).is_success
    await town.settle()
    reader = await page_of(town)
    page = await reader.opens(await path(town, "Zoe"))
    await expect(page.get_by_text("Only the person can change this.")).to_be_visible()
    await expect(page.locator("button.primary")).to_have_count(0)

    await page.get_by_role("button", name="Resend").click()
    await expect(page.get_by_text("Its state is shown with the message.")).to_be_visible()
    await town.settle()

    await expect(page.get_by_text("with no better outcome")).to_be_visible()
    assert urlsplit(page.url).fragment.startswith("message-")
    await expect(page.locator(f"#{urlsplit(page.url).fragment}")).to_be_in_viewport()
    await expect(page.get_by_role("heading", name="Zoe")).not_to_be_in_viewport()
    town.clock.tick(timedelta(minutes=1))
    await zoe.says("I am here")
    await expect(page.locator("button.primary", has_text="Resend")).to_be_visible()


async def test_that_a_person_wants_no_messages_is_told_once(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await town.shares("zoe@example.org", proactive=True)
    zoe.phone.refuse_with = 21610
    first = {"recipient_email": "zoe@example.org", "text": "Good morning", "channel": "whatsapp"}
    await town.api("POST", "/api/agents/support/messages", first)
    await town.settle()

    async with client_of(town) as client:
        shown = (await client.get(await path(town, "Zoe"))).text

    assert "The person has unsubscribed with STOP. They can write START to receive messages again (21610)." in shown
    assert "has opted out" not in shown
    assert "It can be sent again once they want messages." in shown


async def test_what_the_owner_can_correct_is_one_click_away(town: World, page_of: Readers) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("hello")
    reader = await page_of(town)
    page = await reader.goes(await path(town, "Zoe"))
    await expect(page.locator(".primary")).to_have_text("See what WhatsApp (Twilio) needs")

    await page.get_by_role("link", name="See what WhatsApp (Twilio) needs").click()

    await page.wait_for_url("**/agents/support/channels/whatsapp")


async def test_an_answer_to_a_button_leads_back_to_the_same_page_of_messages(town: World) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("hello")
    here = await path(town, "Zoe")
    async with client_of(town) as client:
        html = (await client.get(f"{here}?before=1000")).text
        form = re.search(
            r'action="([^"]*/resend[^"]*)".*?name="message" value="(\d+)".*?name="delivery" value="(\d+)"', html
        )
        assert form
        answer = await client.post(form[1], data={"message": form[2], "delivery": form[3]}, headers=OWN)

    assert answer.headers["location"] == f"{here}?before=1000#message-{form[2]}"
    assert f'id="message-{form[2]}"' in html
