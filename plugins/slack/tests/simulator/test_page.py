"""The workspace on a page: its small API, and what people see and do in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.async_api import expect

from trinity_channels_contract_tests.testing import loads_its_own_files_only
from trinity_channels_contract_tests.testing.browsed import browsed, examined
from trinity_channels_slack.simulator import SlackSimulator

if TYPE_CHECKING:
    from conftest import Api, Host


async def test_the_page_loads_its_own_files_only(api: Api) -> None:
    await loads_its_own_files_only(api.client, "Slack")


async def test_people_are_added_and_talk(sim: SlackSimulator, api: Api, host: Host) -> None:
    added = await api.client.post("/phones", json={"name": " Zoe / Sam "})
    said = await api.client.post("/phones/Zoe%20%2F%20Sam/say", json={"text": "hello"})
    await api.client.post("/phones/Zoe%20%2F%20Sam/say", json={"text": "status?", "where": "general"})
    await sim.settle()
    seen = (await api.client.get("/phones/Zoe%20%2F%20Sam/messages")).json()

    assert (added.status_code, said.status_code) == (201, 202)
    assert (await api.client.get("/phones")).json() == {"phones": [added.json()]}
    assert [one["type"] for one in host.events] == ["message", "app_mention", "message"]
    assert [(one["where"], one["text"], one["mine"]) for one in seen["messages"]] == [
        ("", "hello", True),
        ("#general", "@agent status?", True),
    ]


async def test_the_settings_of_the_app_take_urls_and_show_secrets(sim: SlackSimulator, api: Api, host: Host) -> None:
    old = sim.installation.signing_secret
    shown = {one["name"]: one for one in (await api.client.get("/console")).json()["pages"]}
    url = "http://host.test/api/slack/webhook/other"

    events = await api.client.post("/console/events", json={"url": url})
    buttons = await api.client.post("/console/interactivity", json={"url": url})
    kept = await api.client.post("/console/events", json={"url": ""})
    secret = await api.client.post("/console/app", json={"action": "regenerate"})
    host.handshake = httpx.Response(403)
    refused = await api.client.post("/console/events", json={"url": "http://host.test/elsewhere"})

    assert shown["app"]["values"] == {"Bot User OAuth Token": sim.installation.token, "Signing Secret": old}
    assert shown["events"]["webhook_url"] == "http://host.test/api/slack/webhook/key"
    assert (events.json()["webhook_url"], buttons.json()["webhook_url"]) == (url, url)
    assert secret.json()["values"]["Signing Secret"] == sim.installation.signing_secret != old
    assert (kept.status_code, refused.status_code) == (400, 400)
    assert "challenge" in refused.json()["message"]
    assert sim.installation.request_url == url


async def test_an_empty_message_is_refused(sim: SlackSimulator, api: Api) -> None:
    sim.phone("Zoe")

    assert (await api.client.post("/phones/Zoe/say", json={})).status_code == 400


async def test_a_refused_url_shows_on_the_page(sim: SlackSimulator, api: Api, host: Host) -> None:
    sim.phone("Zoe")
    host.handshake = httpx.Response(403)

    said = await api.client.post("/phones/Zoe/say", json={"text": "hello"})

    assert said.status_code == 409
    assert "challenge" in said.json()["message"]


async def test_people_reply_in_threads(sim: SlackSimulator, api: Api, host: Host) -> None:
    sim.phone("Zoe")
    await api.client.post("/phones/Zoe/say", json={"text": "status?", "where": "general"})
    root = (await api.client.get("/phones/Zoe/messages")).json()["messages"][0]["thread"]

    said = await api.client.post("/phones/Zoe/say", json={"text": "and now?", "thread": root})

    assert said.status_code == 202
    assert host.events[-1]["thread_ts"] == root.rpartition("/")[2]
    assert (await api.client.get("/phones/Zoe/messages")).json()["messages"][-1]["reply"] is True
    assert (await api.client.post("/phones/Zoe/say", json={"text": "x", "thread": "C0/1.2"})).status_code == 400
    assert (await api.client.post("/phones/Zoe/say", json={"text": "x", "where": "secret"})).status_code == 400


@pytest.mark.parametrize(
    ("kind", "media_type"), [("photo", "image/jpeg"), ("voice", "audio/ogg"), ("file", "application/pdf")]
)
async def test_what_people_send_reaches_the_app(
    sim: SlackSimulator, api: Api, host: Host, kind: str, media_type: str
) -> None:
    sim.phone("Zoe")

    sent = await api.client.post("/phones/Zoe/send", json={"kind": kind})
    await sim.settle()

    assert sent.status_code == 202
    assert [file["mimetype"] for file in host.events[-1]["files"]] == [media_type]
    assert (await api.client.post("/phones/Zoe/send", json={"kind": "place"})).status_code == 400


async def test_a_fault_that_is_on_strikes_every_second_post(sim: SlackSimulator, api: Api) -> None:
    channel = await api.direct(sim.phone("Zoe").address)

    await api.client.post("/switches/server_error", json={"on": True})
    posts = [(await api.client.post("/api/chat.postMessage", data={"channel": channel, "text": "x"})) for _ in range(4)]

    assert [one.status_code for one in posts] == [503, 200, 503, 200]


MARKED = (
    "*Head &amp; &lt;b&gt;*\n\n• *one* and _it_\n  • nested `x&lt;y`\n• two <https://example.org/a?b=1&amp;c=2|site>\n\n"
    "&gt; quoted ~gone~\n```\nx &lt; 1\n```\n<@U0SIM0001> <!here> <javascript:alert(1)|link>"
)


async def test_a_person_chats_on_the_page(mounted: tuple[SlackSimulator, str]) -> None:
    sim, url = mounted
    async with browsed(width=390) as page:
        await page.goto(url)
        await page.get_by_label("Name").fill("Zoe")
        await page.get_by_role("button", name="Add", exact=True).click()
        await page.get_by_label("Message", exact=True).fill("<img src=x onerror=\"document.title='hacked'\">")
        await page.get_by_role("button", name="Send", exact=True).click()
        words = page.locator(".out .body")
        await expect(words).to_have_text("<img src=x onerror=\"document.title='hacked'\">")
        await expect(words.locator("img")).to_have_count(0)

        zoe = sim.phone("Zoe")
        headers = {"Authorization": f"Bearer {sim.installation.token}"}
        post = {"channel": zoe.address, "text": MARKED}
        await page.request.post(f"{url}api/chat.postMessage", data=post, headers=headers)
        body = page.locator(".talk > li:not(.out) .body")
        await expect(body.locator("> strong")).to_have_text("Head & <b>")
        await expect(body.locator("li")).to_have_text(["one and it", "nested x<y", "two site"])
        await expect(body.locator("li.nested code")).to_have_text("x<y")
        await expect(body.locator("a")).to_have_attribute("href", "https://example.org/a?b=1&c=2")
        await expect(body.locator("blockquote s")).to_have_text("gone")
        await expect(body.locator("pre")).to_have_text("x < 1")
        await expect(body.locator(".mention")).to_have_text(["@Zoe", "@here"])
        await expect(body).to_contain_text("<javascript:alert(1)|link>")

        await page.get_by_label("To", exact=True).select_option("#general, with a mention")
        await page.get_by_label("Message", exact=True).fill("status?")
        await page.get_by_label("Message", exact=True).press("Enter")
        asked = page.locator(".out").filter(has_text="status?")
        await expect(asked.locator(".by")).to_contain_text("Zoe #general")
        await asked.get_by_role("link", name="Reply in thread").click()
        await page.get_by_label("Message", exact=True).fill("and now?")
        await page.get_by_label("Message", exact=True).press("Enter")
        await expect(page.locator(".out.reply")).to_contain_text("and now?")
        await examined(page)
        assert await page.title() == "Slack simulator"
        await sim.settle()
