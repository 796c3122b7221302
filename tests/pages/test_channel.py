"""An agent on a channel: connecting with wrong and right credentials, what is shown of it, and disconnecting."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from playwright.async_api import expect

from tests.channels.net import CHANNELS, Net
from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.world import ADMIN, OWNER, START, Found, World
from trinity_channels.store import Tx, bindings
from trinity_channels.web.auth import Role

PATH = "/agents/support/channels/whatsapp"
WRONG = "f" * 32


async def test_a_wrong_token_is_refused_in_place_and_the_right_one_connects(world: World, page_of: Readers) -> None:
    await world.api("DELETE", "/api/agents/support/whatsapp")
    settings = world.twilio.settings()
    reader = await page_of(world)
    page = await reader.opens(PATH)

    await page.get_by_label("Twilio Account SID").fill(settings["account_sid"])
    await page.get_by_label("Auth Token", exact=True).fill(WRONG)
    await page.get_by_label("WhatsApp From Number").fill(settings["from_number"])
    reader.expects_status(400)
    await page.get_by_role("button", name="Connect").click()

    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("is not connected")
    await expect(alert).to_contain_text("Nothing was stored.")
    await expect(page.get_by_label("Twilio Account SID")).to_have_value(settings["account_sid"])
    await expect(page.get_by_label("Auth Token", exact=True)).to_have_value("")
    await reader.examines()

    await page.get_by_label("Auth Token", exact=True).fill(settings["auth_token"])
    await page.get_by_role("button", name="Connect").click()

    await expect(page.get_by_text("WhatsApp (Twilio) is connected.")).to_be_visible()
    await expect(page.locator("#hook")).to_have_text(await world.webhook())
    await reader.examines()


async def test_every_field_says_what_is_wrong_with_it(world: World, page_of: Readers) -> None:
    await world.api("DELETE", "/api/agents/support/whatsapp")
    reader = await page_of(world)
    page = await reader.opens(PATH)

    await page.get_by_label("WhatsApp From Number").fill("12")
    reader.expects_status(422)
    await page.get_by_role("button", name="Connect").click()

    await expect(page.get_by_label("Twilio Account SID")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#f-account_sid-problem")).to_have_text("This is missing.")
    await expect(page.locator("#f-auth_token-problem")).to_have_text("This is missing.")
    await expect(page.locator("#f-from_number-problem")).to_contain_text("whatsapp:+ and 7 to 15 digits")
    await reader.examines()


async def test_a_token_in_the_wrong_field_is_not_shown_again(world: World) -> None:
    token = world.twilio.settings()["auth_token"]
    async with client_of(world) as client:
        answer = await client.post(PATH, data={"account_sid": token, "from_number": token}, headers=OWN)

    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert token not in answer.text


async def test_editing_keeps_the_secrets_that_are_left_empty(world: World) -> None:
    settings = world.twilio.settings()
    async with client_of(world) as client:
        form = (await client.get(f"{PATH}/edit")).text
        given = {"account_sid": settings["account_sid"], "from_number": settings["from_number"], "auth_token": ""}
        answer = await client.post(PATH, data=given, headers=OWN)

    assert settings["account_sid"] in form
    assert settings["auth_token"] not in form
    assert answer.status_code == httpx.codes.SEE_OTHER
    assert (await world.api("POST", "/api/agents/support/whatsapp/test", {})).json()["ok"]


async def test_a_revoked_token_is_found_by_verify(world: World, page_of: Readers) -> None:
    reader = await page_of(world)
    page = await reader.opens(PATH)
    await page.get_by_role("button", name="Verify").click()
    await expect(page.get_by_text("The credentials work: ")).to_be_visible()

    world.twilio.account.token = WRONG
    await page.get_by_role("button", name="Verify").click()

    await expect(page.get_by_role("list", name="Needs attention")).to_contain_text("Authenticate")
    await expect(page.locator(".lamps .bad")).to_contain_text("refuses the credentials")
    await reader.examines()


async def test_disconnecting_asks_first_and_says_what_stays(world: World, page_of: Readers) -> None:
    reader = await page_of(world)
    page = await reader.opens(PATH)

    await page.get_by_role("link", name="Disconnect").click()
    await expect(page.get_by_text("Conversations, clients, their verified e-mail addresses")).to_be_visible()
    await reader.examines()
    assert (await world.binding())["configured"]
    await page.get_by_role("button", name="Disconnect").click()

    await expect(page.get_by_text("WhatsApp (Twilio) is disconnected.")).to_be_visible()
    await expect(page.get_by_role("button", name="Connect")).to_be_visible()
    assert not (await world.binding())["configured"]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_each_channel_is_connected_by_its_own_form(net: Net, channel: str) -> None:
    simulator = net.simulators[channel]
    await net.api("DELETE", f"/api/agents/support/{channel}")
    net.clock.tick(2)  # one provider takes an address a second
    async with client_of(net) as client:
        path = f"/agents/support/channels/{channel}"
        form = (await client.get(path)).text
        answer = await client.post(path, data=dict(simulator.settings()), headers=OWN)
        shown = (await client.get(path)).text

    assert all(f'name="{name}"' in form for name in simulator.settings())
    assert answer.headers["location"] == path
    assert (await net.api("GET", f"/api/agents/support/{channel}")).json()["webhook_url"] in shown


async def test_the_agents_page_leads_to_every_channel(net: Net, page_of: Readers) -> None:
    await net.api("DELETE", "/api/agents/support/slack")
    reader = await page_of(net)
    page = await reader.opens("/agents/support")

    await expect(page.get_by_role("link", name="Open WhatsApp (Twilio)")).to_be_visible()
    await expect(page.get_by_role("link", name="Open Telegram")).to_be_visible()
    await page.get_by_role("link", name="Connect Slack").click()

    await expect(page.get_by_role("heading", name="Connect Slack")).to_be_visible()


@pytest.mark.parametrize("rest", ["", "/edit", "/disconnect"])
@pytest.mark.parametrize("place", ["support/channels/whatsapp", "unknown/channels/whatsapp", "support/channels/fax"])
async def test_a_foreign_agent_is_not_found(world: World, place: str, rest: str) -> None:
    token = await world.token(Role.USER, "stranger@example.org")
    async with client_of(world, token) as client:
        answer = await client.get(f"/agents/{place}{rest}")

    assert answer.status_code == httpx.codes.NOT_FOUND
    assert "There is no such page, or it belongs to someone else." in answer.text
    assert OWNER not in answer.text


async def test_strangers_follow_nothing(world: World) -> None:
    token = await world.token(Role.USER, "stranger@example.org")
    async with client_of(world, token) as client:
        answers = [await client.get(f"/live{PATH}"), await client.get(f"/live{PATH.replace('support', 'unknown')}")]

    assert {answer.status_code for answer in answers} == {httpx.codes.NOT_FOUND}
    assert answers[0].text == answers[1].text


@pytest.mark.parametrize("action", ["", "/verify", "/probe", "/webhook", "/rotate", "/disconnect"])
async def test_strangers_change_nothing(world: World, action: str) -> None:
    token = await world.token(Role.USER, "stranger@example.org")
    async with client_of(world, token) as client:
        answer = await client.post(f"{PATH}{action}", data={}, headers=OWN)

    assert answer.status_code == httpx.codes.NOT_FOUND
    assert (await world.binding())["configured"]


async def test_a_webhook_elsewhere_is_shown_and_replaced_only_when_asked(net: Net, page_of: Readers) -> None:
    path = "/agents/support/channels/telegram"
    await net.later(seconds=2)
    token = net.simulators["telegram"].settings()["bot_token"]
    moved = f"http://telegram.simulator/bot{token}/setWebhook"
    await net.http.post(moved, json={"url": "https://elsewhere.example.org/hook/secret-key"})
    await net.later(seconds=2)
    reader = await page_of(net)
    page = await reader.opens(path)

    reader.expects_status(409)
    await page.get_by_role("button", name="Set webhook at the provider").click()

    await expect(page.get_by_role("heading", name="posts to elsewhere.example.org")).to_be_visible()
    await expect(page.get_by_text("secret-key")).to_have_count(0)
    await reader.examines()
    await page.get_by_role("link", name="Leave it").click()
    await expect(page.get_by_role("list", name="Needs attention")).to_contain_text("elsewhere.example.org")
    await expect(page.locator(".lamps .bad")).to_contain_text("does not post to this agent")
    await reader.examines()

    reader.expects_status(409)
    await page.get_by_role("button", name="Set the webhook").click()
    await page.get_by_role("button", name="Replace it").click()

    await expect(page.get_by_text("Telegram posts here now.")).to_be_visible()
    await expect(page.get_by_role("list", name="Needs attention")).to_have_count(0)


async def test_connecting_leaves_a_webhook_elsewhere_alone(net: Net) -> None:
    settings = dict(net.simulators["telegram"].settings())
    await net.api("DELETE", "/api/agents/support/telegram")
    await net.later(seconds=2)
    url = f"http://telegram.simulator/bot{settings['bot_token']}/setWebhook"
    await net.http.post(url, json={"url": "https://elsewhere.example.org/hook"})
    await net.later(seconds=2)

    async with client_of(net) as client:
        await client.post("/agents/support/channels/telegram", data=settings, headers=OWN)
        shown = (await client.get("/agents/support/channels/telegram")).text

    assert "points to elsewhere.example.org" in shown
    answer = await net.api("POST", "/api/agents/support/telegram/set-webhook", {})
    assert (answer.status_code, answer.json()["code"]) == (httpx.codes.CONFLICT, "webhook_elsewhere")
    assert answer.json()["elsewhere"] == "elsewhere.example.org"


async def test_a_probe_lights_the_lamps(world: World, page_of: Readers) -> None:
    reader = await page_of(world)
    page = await reader.opens(PATH)
    await expect(page.locator(".lamps li.good")).to_have_count(1)
    notice = page.get_by_role("note").filter(has_text="has to pass this path on")
    await expect(notice).not_to_have_class("alert fine")

    await page.get_by_role("button", name="Check now").click()

    await expect(page.locator(".lamps li.good")).to_have_count(4)
    await expect(notice.get_by_text("it arrived, the rule works.")).to_be_visible()
    await expect(notice).to_have_class("alert fine")
    await reader.examines()


async def test_the_webhook_url_is_rotated(world: World, page_of: Readers) -> None:
    before = await world.webhook()
    reader = await page_of(world)
    page = await reader.opens(PATH)

    await page.get_by_role("link", name="Rotate webhook URL").click()
    await reader.examines()
    await page.get_by_role("button", name="Rotate").click()

    await expect(page.get_by_text("The webhook URL is new.")).to_be_visible()
    after = await world.webhook()
    assert after != before
    await expect(page.locator("#hook")).to_have_text(after)


async def test_a_test_message_is_followed_until_it_is_read(net: Net, page_of: Readers) -> None:
    phone = net.simulators["whatsapp"].phone("Zoe", address="+12025550188")
    await phone.says("hello")
    await net.settle()
    reader = await page_of(net)
    page = await reader.opens(PATH)
    await page.get_by_role("link", name="Send test message").click()

    await page.get_by_label("To").fill("no number")
    await page.get_by_label("Message").fill("\u200b")
    reader.expects_status(422)
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("#f-to-problem")).to_contain_text("Write the address like")
    await expect(page.locator("#f-message-problem")).to_have_text("The message has no visible text.")
    await reader.examines()
    await page.get_by_label("Message").fill("This is a test message.")
    await page.get_by_label("To").fill("whatsapp:+12025550188")
    await page.get_by_role("button", name="Send").click()

    await expect(page.locator(".state .badge")).to_be_visible()
    await net.settle()
    await expect(page.locator(".state .badge")).to_have_text("Read")
    await reader.examines()
    assert "test message" in phone.heard()[-1].text


async def test_a_sentence_for_the_next_page_fits_into_a_cookie(world: World) -> None:
    # Browsers drop one of more than 4096 bytes, and proxies refuse answers with much more.
    world.twilio.account.name = "W" * 4000
    async with client_of(world) as admin:
        answer = await admin.post(f"{PATH}/verify", headers=OWN)
        page = await admin.get(PATH)

    assert len(answer.headers["set-cookie"]) < 4096
    assert "The credentials work: WWW" in page.text


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "W" * 4000, "\u202egnp.exe\u202d", "{{ 7 * 7 }}", '"><img src=x onerror=alert(1)>'],
)
async def test_an_accounts_name_neither_escapes_nor_breaks_the_page(world: World, page_of: Readers, name: str) -> None:
    def rename(tx: Tx) -> None:
        stored = bindings.of_agent(tx, "support", "whatsapp")
        assert stored is not None
        account = replace(stored.account, display_name=name)
        key = (stored.webhook_key, "digest")
        bindings.save(
            tx, "support", "whatsapp", account, settings=stored.settings, secrets=stored.secrets, new_key=key, now=START
        )

    await world.host.store.write(rename)
    reader = await page_of(world)

    page = await reader.opens(PATH)

    await expect(page.get_by_role("heading", name="Sender")).to_be_visible()
    assert await page.locator("main script, main img").count() == 0


async def test_stored_secrets_are_in_no_page(net: Net) -> None:
    secrets = [
        value
        for one in net.simulators.values()
        for name, value in one.settings().items()
        if "token" in name or "secret" in name
    ]
    async with client_of(net) as client:
        shown = ""
        for channel in CHANNELS:
            path = f"/agents/support/channels/{channel}"
            await client.post(f"{path}/verify", headers=OWN)
            for rest in ("", "/edit", "/test", "/rotate", "/disconnect"):
                answer = await client.get(f"{path}{rest}")
                assert answer.status_code == httpx.codes.OK, f"{path}{rest}"
                shown += answer.text

    assert len(secrets) >= 4
    assert [one for one in secrets if one in shown] == []


async def test_pages_below_a_prefix_lead_to_pages_below_it(found: Found) -> None:
    world = await found(trinity_channels_pages_path="/desk")
    async with client_of(world, None) as client:
        await client.post("/desk/signin/token", data={"token": ADMIN}, headers=OWN)
        answer = await client.get(f"/desk{PATH}")

    assert answer.status_code == httpx.codes.OK
    assert f'action="/desk{PATH}/verify"' in answer.text
    assert "/api/agents/support/whatsapp/test" in answer.text
    assert "/desk/api/" not in answer.text
