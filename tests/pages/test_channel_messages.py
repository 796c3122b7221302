"""The last messages on a channel's page, and the page following what happens."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import client_of
from tests.world import World
from trinity_channels.api import Fault

PATH = "/agents/support/channels/whatsapp"
ANSWER, QUESTION = re.compile("^Answer"), re.compile("^Message")


async def test_messages_appear_while_the_page_is_open(world: World, page_of: Readers) -> None:
    await world.policy("open")
    reader = await page_of(world)
    page = await reader.opens(PATH)
    await expect(page.get_by_text("No messages yet")).to_be_visible()
    await expect(page.get_by_text("Connected. No message has arrived yet.")).to_be_visible()

    await world.person("Zoe", "+12025550188").says("hello")

    answer = page.get_by_role("row", name=ANSWER)
    await expect(answer).to_contain_text("Zoe")
    await expect(answer).to_contain_text("+12 ••• 88")
    await expect(answer.locator(".badge")).to_have_text("Read")
    await expect(page.get_by_role("row", name=QUESTION).locator(".badge")).to_have_text("Answered")
    await expect(page.locator(".state")).to_contain_text("Receiving. Last message")
    await expect(page.locator(".lamps li.good")).to_have_count(5)
    await reader.examines()


async def test_trouble_appears_while_the_page_is_open(world: World, page_of: Readers) -> None:
    await world.policy("open")
    zoe = world.person("Zoe")
    await zoe.says("hello")
    reader = await page_of(world)
    page = await reader.opens(PATH)
    await expect(page.get_by_role("list", name="Needs attention")).to_have_count(0)

    world.fails(Fault.UNAUTHORIZED)
    await zoe.says("are you there?")

    await expect(page.get_by_role("list", name="Needs attention")).to_contain_text("refused the credentials")
    await expect(page.get_by_role("row", name="Not delivered").first).to_contain_text("20003")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Needs attention")
    await reader.examines()


async def test_a_channel_that_is_disconnected_meanwhile_says_so(world: World, page_of: Readers) -> None:
    reader = await page_of(world)
    page = await reader.opens(PATH)

    await world.api("DELETE", "/api/agents/support/whatsapp")

    await expect(page.get_by_text("People cannot reach support")).to_be_visible()
    await page.get_by_role("link", name="Connect").click()
    await expect(page.get_by_role("heading", name="Connect WhatsApp (Twilio)")).to_be_visible()


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "W" * 200, "\u202egnp.exe", "{{ 7 * 7 }}"])
async def test_a_persons_name_neither_escapes_nor_breaks_the_list(world: World, page_of: Readers, name: str) -> None:
    await world.policy("open")
    await world.person(name).says("hello")
    reader = await page_of(world)

    page = await reader.opens(PATH)

    await expect(page.get_by_role("row", name=ANSWER)).to_be_visible()
    assert await page.locator("main script, main img").count() == 0
    assert "\u202e" not in await page.content()


async def test_every_message_leads_to_its_conversation(world: World) -> None:
    await world.policy("open")
    await world.person("Zoe").says("hello")
    conversation = (await world.api("GET", "/api/agents/support/whatsapp/messages")).json()[0]["conversation_id"]

    async with client_of(world) as client:
        shown = (await client.get(PATH)).text

    assert shown.count(f'href="/agents/support/conversations/{conversation}"') >= 2
