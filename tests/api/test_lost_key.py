"""The encryption key is lost: what still works, what says so, and what mends it."""

from __future__ import annotations

import pytest

from tests.world import KEY, World
from trinity_channels import texts
from trinity_channels.settings import Settings

PATH = "/api/agents/support/whatsapp"


@pytest.fixture
async def locked(world: World) -> World:
    """A connected world that was started again without the key its secrets are sealed with."""
    await world.stops()
    world.settings = Settings.load(
        **(world.settings.model_dump(by_alias=True) | {"credential_encryption_key": "11" * 32})
    )
    await world.starts()
    return world


async def test_a_lost_key_is_told_by_name_and_changes_nothing(locked: World) -> None:
    shown = await locked.binding()
    again = {name: value for name, value in locked.twilio.settings().items() if name != "auth_token"}

    calls: tuple[tuple[str, str, object], ...] = (
        ("PUT", "", again),
        ("POST", "/rotate-webhook", None),
        ("POST", "/test", {}),
    )
    answers = [await locked.api(method, f"{PATH}{path}", body) for method, path, body in calls]

    assert "CREDENTIAL_ENCRYPTION_KEY" in shown["warning"]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(503, "vault_locked")] * 3
    await locked.stops()
    locked.settings = Settings.load(**(locked.settings.model_dump(by_alias=True) | {"credential_encryption_key": KEY}))
    await locked.starts()
    zoe = locked.person("Zoe")
    await zoe.says("hello")
    assert zoe.heard() == [texts.LOGIN_PROMPT], "the webhook address that Twilio knows is no longer the right one"


async def test_entering_the_secret_again_mends_what_a_lost_key_has_locked(locked: World) -> None:
    answer = await locked.connect()
    zoe = locked.person("Zoe")
    await zoe.says("hello")

    assert (answer.status_code, answer.json()["warning"]) == (200, None)
    assert zoe.heard() == [texts.LOGIN_PROMPT]


async def test_a_locked_binding_does_not_keep_the_public_address_from_changing(locked: World) -> None:
    answer = await locked.api("PUT", "/api/settings/public_chat_url", {"value": "https://other.example.org"})

    assert answer.status_code == 200
    assert answer.json()["value"] == "https://other.example.org"
    assert "support on whatsapp: A stored secret needs the key" in answer.json()["warning"]
