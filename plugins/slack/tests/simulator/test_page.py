from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.async_api import Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from trinity_channels_slack.simulator import SlackSimulator

if TYPE_CHECKING:
    from conftest import Api, Host
    from trinity_channels_contract_tests.testing import Serve


async def test_the_page_loads_its_own_files_only(api: Api) -> None:
    page = await api.client.get("/")

    assert "Simulator — not Slack" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert "style=" not in page.text
    for file in ("page.css", "page.js", "icon.svg"):
        assert (await api.client.get(f"/page/{file}")).status_code == 200
    assert (await api.client.get("/page/index.html")).status_code == 404


async def test_people_are_added_and_talk(sim: SlackSimulator, api: Api, host: Host) -> None:
    added = await api.client.post("/phones", json={"name": " Zoe / Sam "})
    said = await api.client.post("/phones/Zoe%20%2F%20Sam/say", json={"text": "hello"})
    await api.client.post("/phones/Zoe%20%2F%20Sam/say", json={"text": "status?", "channel": "general"})
    await sim.settle()
    seen = (await api.client.get("/phones/Zoe%20%2F%20Sam/messages")).json()

    assert (added.status_code, said.status_code) == (201, 202)
    assert (await api.client.get("/phones")).json() == {"phones": [added.json()]}
    assert [one["type"] for one in host.events] == ["message", "app_mention", "message"]
    assert [(one["where"], one["text"], one["mine"]) for one in seen["messages"]] == [
        ("", "hello", True),
        ("#general", "@agent status?", True),
    ]


async def test_an_empty_message_is_refused(sim: SlackSimulator, api: Api) -> None:
    sim.phone("Zoe")

    assert (await api.client.post("/phones/Zoe/say", json={})).status_code == 400


async def test_a_refused_url_shows_on_the_page(sim: SlackSimulator, api: Api, host: Host) -> None:
    sim.phone("Zoe")
    host.handshake = httpx.Response(403)

    said = await api.client.post("/phones/Zoe/say", json={"text": "hello"})

    assert said.status_code == 409
    assert "challenge" in said.json()["message"]


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.fail("no Chromium on this machine: run python tests/browser.py")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield await browser.new_page(viewport={"width": 700, "height": 800})
        await browser.close()


async def test_a_person_chats_on_the_page(make_sim: Callable[[str], SlackSimulator], serve: Serve, page: Page) -> None:
    made = []

    def mounted(base_url: str) -> ASGIApp:
        made.append(make_sim(f"{base_url}/slack"))
        return Starlette(routes=[Mount("/slack", made[0].app)])

    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    async with serve(mounted) as base_url:
        await page.goto(f"{base_url}/slack/")
        await page.get_by_placeholder("new person").fill("Zoe")
        await page.get_by_role("button", name="Join").click()
        await page.get_by_label("Message", exact=True).fill("<img src=x onerror=\"document.title='hacked'\">")
        await page.get_by_role("button", name="Send").click()

        await expect(page.locator(".message.mine .text")).to_have_text(
            "<img src=x onerror=\"document.title='hacked'\">"
        )
        await expect(page.locator(".text img")).to_have_count(0)
        assert await page.title() == "Workspace simulator"
        await made[0].settle()
        assert complaints == []
