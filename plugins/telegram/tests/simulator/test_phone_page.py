"""Telegram's phone: its small API, and what people see and do in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from trinity_channels_contract_tests.testing import loads_its_own_files_only
from trinity_channels_contract_tests.testing.browsed import browsed, examined
from trinity_channels_telegram.simulator import TelegramSimulator

if TYPE_CHECKING:
    from conftest import Api, Host

NASTY = (
    '&lt;img src=x onerror="document.title=1"&gt; 👍 <b>bold <i>both</i></b> <s>no</s> <code>a_b</code>\n'
    '<pre><code class="language-py">x &lt; 1</code></pre>\n<blockquote>wise</blockquote>'
    '<a href="https://x.example/">here</a> <tg-spoiler>secret</tg-spoiler>'
)


async def test_the_page_loads_its_own_files_only(api: Api) -> None:
    await loads_its_own_files_only(api.client, "Telegram")


async def test_people_are_added_and_talk(sim: TelegramSimulator, hooked: Api, host: Host) -> None:
    added = await hooked.client.post("/phones", json={"name": " Zoe / Sam "})
    said = await hooked.client.post("/phones/Zoe%20%2F%20Sam/say", json={"text": "hello"})
    await sim.settle()
    seen = (await hooked.client.get("/phones/Zoe%20%2F%20Sam/messages")).json()

    assert (added.status_code, said.status_code) == (201, 202)
    assert (await hooked.client.get("/phones")).json() == {"phones": [added.json()]}
    assert host.texts == ["hello"]
    assert [(one["text"], one["mine"], one["ticks"]) for one in seen["messages"]] == [("hello", True, 2)]


async def test_botfather_shows_the_token_and_revokes_it(sim: TelegramSimulator, api: Api) -> None:
    old = sim.bot.token
    [page] = (await api.client.get("/console")).json()["pages"]

    revoked = (await api.client.post(f"/console/{page['name']}", json={"action": "revoke"})).json()

    assert (page["values"], page["webhook_url"]) == ({"Bot token": old}, None)
    assert revoked["values"] == {"Bot token": sim.bot.token}
    assert sim.bot.token != old
    assert (await api.client.post(f"/console/{page['name']}", json={"url": "https://host.test/"})).status_code == 400


async def test_only_a_button_that_is_offered_can_be_tapped(sim: TelegramSimulator, api: Api) -> None:
    sim.phone("Zoe")

    assert (await api.client.post("/phones/Zoe/say", json={"button": "not offered"})).status_code == 400


@pytest.mark.parametrize(
    ("kind", "field"), [("photo", "photo"), ("voice", "voice"), ("file", "document"), ("place", "venue")]
)
async def test_what_people_send_reaches_the_bot(
    sim: TelegramSimulator, hooked: Api, host: Host, kind: str, field: str
) -> None:
    sim.phone("Zoe")

    sent = await hooked.client.post("/phones/Zoe/send", json={"kind": kind})
    await sim.settle()

    assert sent.status_code == 202
    assert field in host.updates[-1]["message"]


async def test_people_start_block_and_unblock_the_bot(sim: TelegramSimulator, hooked: Api) -> None:
    sim.phone("Zoe")
    states = []
    for action in ("start", "block", "unblock"):
        assert (await hooked.client.post("/phones/Zoe/act", json={"action": action})).status_code == 202
        await sim.settle()
        states.append((await hooked.client.get("/phones/Zoe/messages")).json()["state"])

    assert states == ["", "blocked", ""]
    assert (await hooked.client.post("/phones/Zoe/act", json={"action": "start"})).status_code == 400


async def test_a_fault_that_is_on_strikes_every_second_send(sim: TelegramSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    sim.behaviour.flood_control = False
    await zoe.says("hello")

    await api.client.post("/switches/server_error", json={"on": True})
    message = {"chat_id": zoe.id, "text": "x"}
    answers = [(await api.client.post(f"/bot{sim.bot.token}/sendMessage", json=message)).status_code for _ in range(4)]

    assert answers == [500, 200, 500, 200]


async def test_a_person_chats_on_the_page(mounted: tuple[TelegramSimulator, str]) -> None:
    sim, url = mounted
    async with browsed(width=390) as page:
        await page.goto(url)
        await expect(page.get_by_text("Simulator — not Telegram")).to_be_visible()
        await page.get_by_label("Name").fill("Zoe")
        await page.get_by_role("button", name="Add", exact=True).click()
        await page.get_by_role("button", name="Start").click()
        await expect(page.locator(".out .bubble")).to_have_text("/start")
        await expect(page.get_by_role("button", name="Start")).to_have_count(0)

        keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
        message = {"chat_id": 5550001, "text": NASTY, "parse_mode": "HTML", "reply_markup": keyboard}
        await page.request.post(f"{url}bot{sim.bot.token}/sendMessage", data=message)
        body = page.locator(".talk > li:not(.out) .body").first
        await expect(body.locator("strong")).to_have_text("bold both")
        await expect(body.locator("strong em")).to_have_text("both")
        await expect(body.locator("s")).to_have_text("no")
        await expect(body.locator("code")).to_have_text("a_b")
        await expect(body.locator("pre")).to_have_text("x < 1")
        await expect(body.locator("blockquote")).to_have_text("wise")
        await expect(body.locator("a")).to_have_attribute("href", "https://x.example/")
        await expect(body.locator(".spoiler")).to_have_text("secret")
        await expect(body.locator("img")).to_have_count(0)
        await expect(body).to_contain_text('<img src=x onerror="document.title=1">')
        assert await page.title() == "Telegram simulator"

        await page.get_by_role("button", name="Yes").click()
        action = {"chat_id": 5550001, "action": "typing"}
        await page.request.post(f"{url}bot{sim.bot.token}/sendChatAction", data=action)
        await expect(page.get_by_role("status")).to_have_text("typing…")
        await page.get_by_role("button", name="Attach").click()
        await page.get_by_role("button", name="Photo").click()
        await expect(page.locator(".bubble img")).to_have_js_property("naturalWidth", 480)
        await examined(page)
        await sim.settle()
        assert sim.bot.queries
