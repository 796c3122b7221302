"""What a manifest adds to its form, and its texts in other languages."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, Field, SecretStr

from tests.core.test_plugins import MANIFEST
from tests.world import World
from trinity_channels.api import FieldHint
from trinity_channels.web.pages.form import Form
from trinity_channels.web.pages.settings_form import SettingsForm


class Settings(BaseModel):
    """Three things to set."""

    account: str
    private_key: SecretStr = Field(title="Private key")
    region: str = ""


HELP = "https://pigeon.example/docs/keys"
HINTED = replace(
    MANIFEST,
    settings=Settings,
    form={"private_key": FieldHint(order=-1, help_url=HELP, multiline=True), "account": FieldHint(order=5)},
)


def test_fields_are_in_the_order_of_their_hints() -> None:
    assert [one.name for one in SettingsForm(HINTED).fields({})] == ["private_key", "region", "account"]
    plain = replace(HINTED, form={})
    assert [one.name for one in SettingsForm(plain).fields({})] == ["account", "private_key", "region"]


def test_several_lines_are_sent_as_they_were_pasted() -> None:
    form = Form({"private_key": ["-----BEGIN\r\nabc\r\n-----END\r\n"], "account": ["a\r\nb"]})

    assert SettingsForm(HINTED).given(form) == {"private_key": "-----BEGIN\nabc\n-----END", "account": "a\r\nb"}


async def test_the_form_has_a_text_field_and_a_link(
    world: World, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = world.host.plugins["telegram"]
    form = {"bot_token": FieldHint(help_url=HELP, multiline=True)}
    monkeypatch.setattr(plugin, "manifest", replace(plugin.manifest, form=form))

    shown = (await admin.get("/agents/support/channels/telegram/edit")).text
    if "f-bot_token" not in shown:  # not connected: the form is the channel's page
        shown = (await admin.get("/agents/support/channels/telegram")).text

    assert '<textarea id="f-bot_token" name="bot_token"' in shown
    assert f'<a href="{HELP}" target="_blank" rel="noopener noreferrer">Where to find it</a>' in shown


@pytest.fixture
def german(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    plugin = world.host.plugins["whatsapp"]
    step = plugin.manifest.setup_steps[0]
    texts = {"de": {step.title: "Erster Schritt", step.text: "Zuerst dies."}, "pt-BR": {step.title: "Primeiro passo"}}
    monkeypatch.setattr(plugin, "manifest", replace(plugin.manifest, texts=texts))
    return world


@pytest.mark.parametrize(
    ("accepted", "title"),
    [
        ("de", "Erster Schritt"),
        ("de-AT, en;q=0.5", "Erster Schritt"),
        ("fr, de;q=0.8", "Erster Schritt"),
        ("de;q=0.2, pt-br;q=0.9", "Primeiro passo"),
        ("PT-BR", "Primeiro passo"),
        ("en, de;q=0.9", None),
        ("en-GB, de;q=0.9", None),
        ("de;q=0", None),
        ("pt", None),
        ("fr", None),
        ("", None),
        ("*", None),
        ("de;q=x, ;;;, \u00e9", None),
        ("," * 5000, None),
    ],
)
async def test_channels_are_described_in_the_language_that_is_asked_for(
    german: World, accepted: str, title: str | None
) -> None:
    headers = {b"Authorization": b"Bearer fake-admin-token-for-tests", b"Accept-Language": accepted.encode()}

    answer = await german.http.get("https://chat.example.org/api/channels", headers=headers)

    found: list[dict[str, Any]] = answer.json()
    whatsapp = next(one for one in found if one["name"] == "whatsapp")
    step = german.host.plugins["whatsapp"].manifest.setup_steps[0]
    assert whatsapp["setup_steps"][0]["title"] == (title or step.title)


GERMAN = {
    "Telegram": "Telegramm",
    "Bot token": "Schlüssel <des> Bots",
    "Say hello": "Sag hallo",
    "@BotFather": "@BotVater",
}


@pytest.mark.parametrize(
    ("accepted", "told"),
    [("de-AT,en;q=0.5", True), ("fr, de;q=0.5", True), ("en, de;q=0.5", False), ("", False), ("de;q=0", False)],
)
async def test_texts_of_plugins_are_in_the_readers_language(
    world: World, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, accepted: str, told: bool
) -> None:
    plugin = world.host.plugins["telegram"]
    monkeypatch.setattr(plugin, "manifest", replace(plugin.manifest, texts={"de": GERMAN}))
    page = "/agents/support/channels/telegram"

    shown = (await admin.get(page, headers={"Accept-Language": accepted})).text

    tag = "de-AT" if "AT" in accepted else "de"
    words = [f'<span lang="{tag}">{one}</span>' for one in ("Schlüssel &lt;des&gt; Bots", "Sag hallo", "@BotVater")]
    assert [one in shown for one in ("<h1>Connect Telegramm</h1>", *words)] == [told] * 4
    # The host's own words, and what is not translated, stay English.
    assert "What you enter is checked with the provider" in shown
    assert "Create a bot" in shown


LISTS = (
    "/agents",
    "/agents/support",
    "/conversations",
    "/agents/support/conversations/1",
    "/settings",
    "/settings/audit",
)


@pytest.mark.parametrize("page", LISTS)
async def test_lists_name_channels_in_the_readers_language(
    world: World, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    plugin = world.host.plugins["whatsapp"]
    texts = {"de": {plugin.manifest.title: "WhatsApp über Twilio"}}
    monkeypatch.setattr(plugin, "manifest", replace(plugin.manifest, texts=texts))
    await world.person("Zoe").verifies("zoe@example.org")  # who then asks for access

    german, english = [(await admin.get(page, headers={"Accept-Language": one})).text for one in ("de", "en")]

    assert "WhatsApp über Twilio" in german
    # The steps of the set-up are sentences of the host.
    assert "WhatsApp (Twilio)" not in re.sub('<ol class="steps">.*?</ol>', "", german, flags=re.DOTALL)
    assert "WhatsApp (Twilio)" in english
