"""The encryption key is lost: what still works, what says so, and how to fix it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.world import ADMIN, KEY, Found, World
from trinity_channels import texts
from trinity_channels.settings import Settings

PATH = "/api/agents/support/whatsapp"


async def started_with(key: str, world: World, *, after: timedelta = timedelta()) -> None:
    """Start the host of a world again, with this key, some time after it has stopped."""
    await world.stops()
    world.clock.tick(after)
    world.settings = Settings.load(**(world.settings.model_dump(by_alias=True) | {"credential_encryption_key": key}))
    await world.starts()


@pytest.fixture
async def locked(world: World) -> World:
    """A connected world that was started again without the key its secrets are sealed with."""
    await started_with("11" * 32, world)
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

    assert "TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY" in shown["warning"]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(503, "vault_locked")] * 3
    await started_with(KEY, locked)
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
    assert "support on WhatsApp (Twilio): A stored secret needs the key" in answer.json()["warning"]


@pytest.mark.alone("readiness is the application's to tell")
async def test_a_lost_key_is_told_by_readyz_and_in_one_line_of_the_log(
    locked: World, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(20):
        await locked.person("Zoe").phone.says("hello")
    await locked.settle()
    answer = await locked.http.get("https://chat.example.org/readyz", headers={"Authorization": f"Bearer {ADMIN}"})

    told = [one for one in caplog.records if "cannot be opened" in one.getMessage()]
    await locked.later(minutes=2)
    await locked.person("Yan").phone.says("hello")
    await locked.settle()
    later = [one for one in caplog.records if "cannot be opened" in one.getMessage()]

    assert (len(told), len(later)) == (1, 2)
    assert "Traceback" not in told[0].getMessage()
    assert (answer.status_code, answer.json()["keys"]) == (503, "lost for support on whatsapp")


async def test_a_start_without_the_key_says_so_once(locked: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()

    await started_with("22" * 32, locked)

    (told,) = [one.getMessage() for one in caplog.records if "encryption key lost" in one.getMessage()]
    assert "support on whatsapp" in told
    assert "Add that key to TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY" in told


@pytest.mark.alone("readiness is the application's to tell")
async def test_one_lost_key_of_several_leaves_the_host_ready(locked: World) -> None:
    sender = locked.twilio.add_sender("+16285550111", account=locked.twilio.add_account("Sales"))
    await locked.connect("sales", **locked.twilio.settings(sender=sender))

    answer = await locked.http.get("https://chat.example.org/readyz", headers={"Authorization": f"Bearer {ADMIN}"})

    assert (answer.status_code, answer.json()["keys"]) == (200, "lost for support on whatsapp")


async def test_a_message_that_needs_a_lost_key_waits_without_a_traceback(
    found: Found, caplog: pytest.LogCaptureFixture
) -> None:
    world = await found(trinity_channels_gather_seconds=5)
    zoe = world.person("Zoe")
    await zoe.says("hello")
    await started_with("11" * 32, world, after=timedelta(hours=2))
    warned = [one for one in caplog.records if "secrets locked" in one.getMessage()]
    tracebacks = [one for one in caplog.records if one.exc_info or "Traceback" in one.getMessage()]
    await started_with(KEY, world)
    await world.later(minutes=6)

    assert (len(warned), tracebacks) == (1, [])
    assert zoe.heard() == [texts.LOGIN_PROMPT]
