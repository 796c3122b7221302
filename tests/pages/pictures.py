"""Draws the pages of a fictional host for people to look at. `make screenshots` runs it.

No test compares these pictures, for fonts differ from machine to machine; that pages are accessible and fit their window is
examined here all the same.
"""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from freezegun.api import FrozenDateTimeFactory
from playwright.async_api import Page

from tests.channels.net import Net
from tests.pages.browsing import Readers
from tests.pages.drawing import FOLDER, Picture, Step, draw
from tests.pages.fiction import OWNER, Fiction
from tests.pages.links import asks, link
from tests.world import ADMIN, Agent, Found
from tests.world import OWNER as OWNER_OF_SUPPORT
from trinity_channels.api import Fault
from trinity_channels.web.auth import Role
from trinity_channels.web.pages.audit import AuditPages

WHATSAPP = "/agents/front-desk/channels/whatsapp"
CONNECT = "/agents/travel-desk/channels/whatsapp"
AGENT = "/agents/support"
SUPPORT = f"{AGENT}/channels/whatsapp"
FETCHED = ("telegram", "slack")


def press(name: str) -> Step:
    """Press a button."""

    async def step(page: Page) -> None:
        await page.get_by_role("button", name=name).first.click()

    return step


def fill(button: str, **fields: str) -> Step:
    """Fill in fields, by their labels with underscores for blanks, and press a button."""

    async def step(page: Page) -> None:
        for label, value in fields.items():
            await page.get_by_role("textbox", name=label.replace("_", " "), exact=True).fill(value)
        await press(button)(page)

    return step


def follow(name: str) -> Step:
    """Follow a link."""

    async def step(page: Page) -> None:
        await page.get_by_role("link", name=name).first.click()

    return step


def make_token_of(role: str, **fields: str) -> Step:
    """Ask for a token."""

    async def step(page: Page) -> None:
        await page.get_by_role("radio", name=role).check()
        await fill("Make the token", **fields)(page)

    return step


async def wrong_token(page: Page) -> None:
    if not await page.get_by_label("Admin or personal token").is_visible():
        await page.get_by_text("Use a token instead").click()
    await fill("Sign in with the token", Admin_or_personal_token="tc_wrong")(page)


PICTURES = (
    Picture("signin", "/signin", who="visitor"),
    Picture("signin-refused", "/signin", who="visitor", step=wrong_token, status=401),
    Picture("signin-mailed", "/signin", who="visitor", step=fill("Mail me a link", **{"E-mail_address": OWNER})),
    Picture("agents", "/agents", readme=True),
    Picture("agents-admin", "/agents", who="admin"),
    Picture("settings", "/settings", who="admin"),
    Picture("limits", "/settings/limits", who="admin"),
    Picture(
        "limits-refused",
        "/settings/limits",
        who="admin",
        step=fill("Save", **{"Keep the texts of messages (days)": "0", "Verified e-mails count for (days)": "many"}),
        status=422,
    ),
    Picture("all-settings", "/settings/all", who="admin"),
    Picture("audit", "/settings/audit", who="admin"),
    Picture("token", "/settings/tokens/new", who="admin"),
    Picture("token-incomplete", "/settings/tokens/new", who="admin", step=press("Make the token"), status=422),
    Picture(
        "token-refused",
        "/settings/tokens/new",
        who="admin",
        step=make_token_of("For an agent", Owner_or_agent="unknown", Label="x" * 101),
        status=422,
    ),
    Picture(
        "token-made",
        "/settings/tokens/new",
        who="admin",
        step=make_token_of("For an administrator", Label="nightly report"),
    ),
    Picture("token-revoke", "/settings", who="admin", step=follow("Revoke")),
    Picture("sharing", "/agents/front-desk"),
    Picture("sharing-empty", "/agents/travel-desk"),
    Picture("sharing-audit", "/agents/front-desk/audit"),
    Picture("erase", "/agents/front-desk/clients/1/erase"),
    Picture("channel", WHATSAPP),
    Picture("channel-telegram", "/agents/order-help/channels/telegram"),
    Picture("channel-slack", "/agents/lab-notes/channels/slack"),
    Picture("channel-edit", f"{WHATSAPP}/edit"),
    Picture("channel-rotate", f"{WHATSAPP}/rotate"),
    Picture("channel-disconnect", f"{WHATSAPP}/disconnect"),
    Picture("channel-test", f"{WHATSAPP}/test"),
    Picture(
        "channel-test-refused", f"{WHATSAPP}/test", step=fill("Send", To="no number", Message="\u200b"), status=422
    ),
    Picture("channel-test-sent", f"{WHATSAPP}/test", step=fill("Send", To="whatsapp:+12025550199")),
    Picture("connect", CONNECT),
    Picture("connect-production", f"{CONNECT}?sender=production"),
    Picture("connect-telegram", "/agents/travel-desk/channels/telegram"),
    Picture("connect-slack", "/agents/travel-desk/channels/slack"),
    Picture("conversations", "/conversations"),
    Picture("conversations-none", "/conversations?q=nobody"),
    Picture("conversation", "/agents/front-desk/conversations/1", readme=True),
    Picture("conversation-undelivered", "/agents/order-help/conversations/4"),
    Picture("conversation-changed", "/agents/lab-notes/conversations/3"),
    Picture("conversation-held", "/agents/front-desk/conversations/5"),
    Picture("conversation-forget", "/agents/front-desk/conversations/1", step=follow("Close without an answer")),
    Picture("not-found", "/agents/nowhere", status=404),
    Picture(
        "connect-refused",
        CONNECT,
        step=fill(
            "Connect",
            Twilio_Account_SID="AC" + "0" * 31 + "9",
            Auth_Token="0" * 32,
            WhatsApp_From_Number="whatsapp:+14155238886",
        ),
        status=400,
    ),
)


@pytest.mark.timeout(1200)
async def test_draw_every_page(tmp_path: Path, blank: Path, clock: FrozenDateTimeFactory, page_of: Readers) -> None:
    shutil.copy(blank, tmp_path)
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with Fiction(tmp_path, clock) as fiction:
        await fiction.lives()
        tokens = {"admin": ADMIN, "owner": await fiction.token(Role.USER, OWNER), "visitor": None}
        readers = {who: await page_of(fiction, token) for who, token in tokens.items()}
        for picture in PICTURES:
            await draw(readers[picture.who], picture, tmp_path)


async def test_draw_a_fresh_host(found: Found, page_of: Readers, tmp_path: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    world = await found(connected=False, public_chat_url=None, credential_encryption_key=None, mailer=False)
    reader = await page_of(world)
    for name, path in (
        ("set-up", "/agents"),
        ("set-up-settings", "/settings"),
        ("conversations-empty", "/conversations"),
    ):
        await draw(reader, Picture(name, path), tmp_path)
    await draw(await page_of(world, token=None), Picture("signin-without-mail", "/signin"), tmp_path)


async def test_draw_the_sandbox_and_another_webhook(found: Found, page_of: Readers, tmp_path: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    world = await found(connected=False)
    await world.connect(**world.twilio.settings(sandbox=True), sandbox_keyword="silver-otter")
    await world.person("Zoe").phone.joins_sandbox()
    await draw(await page_of(world), Picture("channel-sandbox", SUPPORT), tmp_path)
    await world.connect(sandbox_keyword="")
    world.twilio.connect("https://elsewhere.example.org/hook")
    elsewhere = Picture("channel-elsewhere", SUPPORT, step=press("Set webhook at the provider"), status=409)
    await draw(await page_of(world), elsewhere, tmp_path)


async def test_draw_a_channel_in_trouble(found: Found, page_of: Readers, tmp_path: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    world = await found()
    world.twilio.account.token = "e" * 32
    await world.person("Zoe").says("hello?")
    reader = await page_of(world)
    await draw(reader, Picture("channel-trouble", SUPPORT), tmp_path)
    away = fill("Save and check", Public_Chat_URL="https://elsewhere.example.org")
    await draw(reader, Picture("settings-unreachable", "/settings", step=away), tmp_path)
    wrong = fill("Save and check", Public_Chat_URL="chat.example.org/api/whatsapp/webhook/abc")
    await draw(reader, Picture("settings-refused", "/settings", step=wrong, status=422), tmp_path)
    await draw(
        reader, Picture("settings-emptied", "/settings", step=fill("Save and check", Public_Chat_URL="")), tmp_path
    )
    await world.api("PUT", "/api/settings/public_chat_url", {"value": ""})
    await draw(reader, Picture("channel-no-address", SUPPORT), tmp_path)


async def test_draw_what_ends(found: Found, page_of: Readers, tmp_path: Path) -> None:
    """A message that its reader does not want, a channel that was disconnected, and sessions."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    world = await found()
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await world.shares("zoe@example.org", proactive=True)
    zoe.phone.refuse_with = 21610
    world.clock.tick(timedelta(minutes=5))
    first = {"recipient_email": "zoe@example.org", "text": "Good morning", "channel": "whatsapp"}
    await world.api("POST", "/api/agents/support/messages", first)
    await world.settle()
    reader = await page_of(world)
    await draw(reader, Picture("conversation-unwanted", f"{AGENT}/conversations/1"), tmp_path)
    await world.api("DELETE", "/api/agents/support/whatsapp")
    await draw(reader, Picture("channel-disconnected", SUPPORT), tmp_path)
    await draw(reader, Picture("agents-disconnected", "/agents"), tmp_path)

    async def ended(page: Page) -> None:
        # A live page leaves for the sign-in by itself once its session has ended.
        await page.evaluate("dispatchEvent(new Event('pagehide'))")
        await world.api("DELETE", "/api/sessions")
        await fill("Add", **{"E-mail address": "tomas@example.org"})(page)

    await draw(reader, Picture("signin-ended-form", AGENT, step=ended), tmp_path)
    await draw(reader, Picture("signin-ended", AGENT), tmp_path)


async def test_draw_a_failed_resend(found: Found, page_of: Readers, tmp_path: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    world = await found()
    zoe = world.person("Zoe")
    world.fails(Fault.UNAUTHORIZED)
    await zoe.says("Hello, is anyone there?")
    reader = await page_of(world)

    async def fails_again(page: Page) -> None:
        world.fails(Fault.UNAUTHORIZED)
        await press("Resend")(page)
        await world.settle()
        await page.get_by_text("with no better outcome").wait_for()

    again = Picture("conversation-resent", f"{AGENT}/conversations/1", step=fails_again)
    await draw(reader, again, tmp_path)


async def test_draw_channels_whose_messages_are_fetched(
    tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent, page_of: Readers
) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with Net(tmp_path, clock, agents=agent, public_chat_url=None) as net:
        reader = await page_of(net)

        async def drawn(name: str, path: str) -> None:
            await reader.page.clock.set_fixed_time(net.now())
            await draw(reader, Picture(name, path), tmp_path)

        net.listening = FETCHED
        await net.policy("open")
        for name in FETCHED:
            place = f"/agents/support/channels/{name}"
            await drawn(f"connect-{name}-fetched", place)
            await net.listens_to(name)
            await net.stranger(name, "Zoe").says("Are you open on Sunday?")
            await net.later(minutes=3)
            await drawn(f"fetched-{name}", place)
            await drawn(f"fetched-{name}-edit", f"{place}/edit")
            # What is shown until the first connection is made or has failed.
            net.change("DELETE FROM trinity_channels_binding_notice WHERE code = 'listening'")
            await drawn(f"fetched-{name}-connecting", place)
            await _breaks(net, name)
            await drawn(f"fetched-{name}-failing", place)


async def _breaks(net: Net, name: str) -> None:
    """Telegram fails for six minutes, Slack refuses the token."""
    simulator: Any = net.simulators[name]
    if name == "telegram":
        simulator.inject_polling(Fault.SERVER_ERROR, times=1000)
        await net.stranger(name, "Zoe").phone.says("Hello?")
    else:
        simulator.revoke_app_token()
        await simulator.sockets.drop()
    for _ in range(6):
        await net.later(minutes=1)


async def test_draw_the_pages_behind_mailed_links(found: Found, page_of: Readers, tmp_path: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    world = await found()
    reader = await page_of(world, token=None)
    await asks(world)
    path = urlsplit(link(world)).path
    await draw(reader, Picture("signin-link", path), tmp_path)
    await draw(reader, Picture("signin-link-used", path, step=_again(path), status=410), tmp_path)
    await world.person("Zoe").verifies("zoe@example.org")
    await world.later(minutes=1)
    found_link = re.search(
        r"/\S+/decide/\S+",
        urlsplit(re.findall(r"https?://\S+/decide/\S+", world.mails.to(OWNER_OF_SUPPORT)[-1].text)[-1]).path,
    )
    assert found_link
    await draw(reader, Picture("decide", found_link[0]), tmp_path)
    await draw(reader, Picture("decided", found_link[0], step=press("Approve")), tmp_path)
    await draw(reader, Picture("decide-invalid", found_link[0][:-4] + "xxxx", status=404), tmp_path)


def _again(path: str) -> Step:
    async def step(page: Page) -> None:
        await press("Sign in")(page)
        await page.wait_for_url(re.compile("/agents$"))
        await page.goto(path if path.startswith("http") else f"{page.url.partition('/agents')[0]}{path}")

    return step


async def test_draw_an_error_of_the_host(
    found: Found, page_of: Readers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)

    async def fails(*_: object) -> None:
        raise RuntimeError("made for the picture")

    monkeypatch.setattr(AuditPages, "_of_host", fails)
    reader = await page_of(await found())
    await draw(reader, Picture("error", "/settings/audit", status=500), tmp_path)
