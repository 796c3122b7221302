from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from trinity_channels_telegram.simulator import TelegramSimulator

if TYPE_CHECKING:
    from conftest import Api, Host
    from trinity_channels_contract_tests.testing import Serve

NASTY = (
    '&lt;img src=x onerror="document.title=1"&gt; 👍 <b>bold <i>both</i></b> <s>no</s> <code>a_b</code>\n'
    '<pre><code class="language-py">x &lt; 1</code></pre>\n<blockquote>wise</blockquote><a href="https://x.example/">here</a>'
)


async def test_the_page_loads_its_own_files_only(api: Api) -> None:
    page = await api.client.get("/")

    assert "Simulator — not Telegram" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert "<style" not in page.text
    assert "style=" not in page.text
    for file in ("phone.css", "phone.js", "format.js", "icon.svg"):
        assert (await api.client.get(f"/page/{file}")).status_code == 200
    assert (await api.client.get("/page/index.html")).status_code == 404


async def test_people_are_added_and_talk(sim: TelegramSimulator, hooked: Api, host: Host) -> None:
    added = await hooked.client.post("/phones", json={"name": " Zoe / Sam "})
    said = await hooked.client.post("/phones/Zoe%20%2F%20Sam/say", json={"text": "hello"})
    await sim.settle()
    seen = (await hooked.client.get("/phones/Zoe%20%2F%20Sam/messages")).json()

    assert (added.status_code, said.status_code) == (201, 202)
    assert (await hooked.client.get("/phones")).json() == {"phones": [added.json()]}
    assert host.texts == ["hello"]
    assert [(one["text"], one["mine"], one["ticks"]) for one in seen["messages"]] == [("hello", True, 2)]


async def test_only_a_button_that_is_offered_can_be_tapped(sim: TelegramSimulator, api: Api) -> None:
    sim.phone("Zoe")

    assert (await api.client.post("/phones/Zoe/say", json={"button": "not offered"})).status_code == 400


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.fail("no Chromium on this machine: run python tests/browser.py")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield await browser.new_page(viewport={"width": 420, "height": 800})
        await browser.close()


async def test_a_person_chats_on_the_page(
    make_sim: Callable[[str], TelegramSimulator], serve: Serve, page: Page
) -> None:
    made: list[TelegramSimulator] = []

    def mounted(base_url: str) -> ASGIApp:
        made.append(make_sim(f"{base_url}/telegram"))
        return Starlette(routes=[Mount("/telegram", made[0].app)])

    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    async with serve(mounted) as base_url:
        await page.goto(f"{base_url}/telegram/")
        await expect(page.get_by_text("Simulator — not Telegram")).to_be_visible()
        await page.get_by_label("Name").fill("Zoe")
        await page.get_by_role("button", name="Add", exact=True).click()
        await page.get_by_role("button", name="Start").click()
        await expect(page.locator(".bubble.mine")).to_contain_text("/start")
        await expect(page.get_by_role("button", name="Start")).to_be_hidden()

        [sim] = made
        keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
        message = {"chat_id": 5550001, "text": NASTY, "parse_mode": "HTML", "reply_markup": keyboard}
        await page.request.post(f"{base_url}/telegram/bot{sim.bot.token}/sendMessage", data=message)
        body = page.locator(".bubble.theirs .body").first
        await expect(body.locator("strong")).to_have_text("bold both")
        await expect(body.locator("strong em")).to_have_text("both")
        await expect(body.locator("s")).to_have_text("no")
        await expect(body.locator("code")).to_have_text("a_b")
        await expect(body.locator("pre")).to_have_text("x < 1")
        await expect(body.locator("blockquote")).to_have_text("wise")
        await expect(body.locator("a")).to_have_attribute("href", "https://x.example/")
        await expect(body.locator("img")).to_have_count(0)
        await expect(body).to_contain_text('<img src=x onerror="document.title=1">')
        assert await page.title() == "Phone simulator"

        await page.get_by_role("button", name="Yes").click()
        action = {"chat_id": 5550001, "action": "typing"}
        await page.request.post(f"{base_url}/telegram/bot{sim.bot.token}/sendChatAction", data=action)
        await expect(page.get_by_role("status")).to_have_text("typing…")
        await sim.settle()
        assert sim.bot.queries
        assert complaints == []
