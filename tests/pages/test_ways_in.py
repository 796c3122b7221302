"""Owners choose how messages come, where a channel knows two ways, and see how the one that they have chosen works."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.pages.clients import OWN, client_of
from trinity_channels.api import Fault, FieldHint, SetupStep

TELEGRAM = "/agents/support/channels/telegram"
OF_WEBHOOKS = ("Rotate webhook", "Public address", "signed probe", "rotate-webhook", "Webhook URL")
CHOSEN = re.compile(r'name="listens" value="(\w+)" checked')


async def test_an_owner_has_messages_fetched_and_sees_the_connection(
    tmp_path: Path, clock: FrozenDateTimeFactory
) -> None:
    async with Net(tmp_path, clock, public_chat_url=None) as net, client_of(net) as owner:
        telegram: Any = net.simulators["telegram"]
        form = (await owner.get(TELEGRAM)).text
        # What works with this host is chosen already.
        assert CHOSEN.findall(form) == ["yes"]
        given = {**telegram.settings(), "listens": "yes"}
        assert (await owner.post(TELEGRAM, data=given, headers=OWN)).status_code == httpx.codes.SEE_OTHER
        await net.until(telegram.is_polled)

        page = (await owner.get(TELEGRAM)).text
        assert "This host fetches the messages from Telegram" in page
        assert "open, made" in page
        assert not [word for word in OF_WEBHOOKS if word in page]
        assert CHOSEN.findall((await owner.get(f"{TELEGRAM}/edit")).text) == ["yes"]

        telegram.inject_polling(Fault.SERVER_ERROR, times=1000)
        await net.stranger("telegram", "Zoe").phone.says("hello")
        await net.until(lambda: not telegram.is_polled())
        await net.later(seconds=1)
        page = (await owner.get(TELEGRAM)).text
        assert "Telegram cannot answer now" in page
        assert "Next attempt" in page


async def test_with_a_public_address_the_webhook_is_chosen_first(net: Net) -> None:
    async with client_of(net) as owner:
        await net.api("DELETE", "/api/agents/support/telegram")
        assert CHOSEN.findall((await owner.get(TELEGRAM)).text) == ["no"]
        # One way is no choice.
        assert 'name="listens"' not in (await owner.get("/agents/support/channels/whatsapp/edit")).text


async def test_a_wrong_token_keeps_what_was_chosen(net: Net) -> None:
    async with client_of(net) as owner:
        answer = await owner.post(TELEGRAM, data={"bot_token": "7:wrong", "listens": "yes"}, headers=OWN)

        assert answer.status_code == httpx.codes.BAD_REQUEST
        assert CHOSEN.findall(answer.text) == ["yes"]


async def test_fields_and_steps_belong_to_a_way(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = net.host.plugins["telegram"]
    steps = (
        SetupStep("Make a hook", "At the provider.", only="webhook", connected=True),
        SetupStep("Ask", "Here.", only="listen"),
    )
    manifest = replace(plugin.manifest, form={"bot_token": FieldHint(only="listen")}, setup_steps=steps)
    monkeypatch.setattr(plugin, "manifest", manifest)
    async with client_of(net) as owner:
        form = (await owner.get(f"{TELEGRAM}/edit")).text
        page = (await owner.get(TELEGRAM)).text

    assert '<div class="field" data-only="listen">' in form
    assert '<li data-only="webhook"><b>Make a hook</b>' in form
    assert '<li data-only="listen"><b>Ask</b>' in form
    assert ("Make a hook" in page, "Ask</b>" in page) == (True, False)


async def test_a_connection_that_is_not_made_yet_is_not_called_receiving(
    tmp_path: Path, clock: FrozenDateTimeFactory
) -> None:
    async with Net(tmp_path, clock, public_chat_url=None) as net, client_of(net) as owner:
        await net.listens_to("telegram")
        net.change("DELETE FROM trinity_channels_binding_notice WHERE code = 'listening'")

        page = (await owner.get(TELEGRAM)).text

        assert "Connecting. No message has arrived yet." in page
        assert "<dd>Connecting</dd>" in page
        assert "> Connecting</span></h1>" in page


async def test_a_refused_token_is_one_finding(tmp_path: Path, clock: FrozenDateTimeFactory) -> None:
    async with Net(tmp_path, clock, public_chat_url=None) as net, client_of(net) as owner:
        await net.listens_to("slack")
        slack: Any = net.simulators["slack"]
        slack.revoke_app_token()
        await slack.sockets.drop()
        await net.later(minutes=1)
        await owner.post("/agents/support/channels/slack/verify", headers=OWN)

        page = (await owner.get("/agents/support/channels/slack")).text

        issues = page.partition('<ul class="issues"')[2].partition("</ul>")[0]
        assert page.count("Slack refused the app-level token") == 1
        assert issues.count("Slack refused the app-level token") == 1
        assert "Edit the settings" in issues


async def test_the_form_says_what_fetching_takes_away(net: Net) -> None:
    async with client_of(net) as owner:
        form = (await owner.get(f"{TELEGRAM}/edit")).text

    assert "messages by webhook receives none from then on." in form
