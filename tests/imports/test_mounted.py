"""Mounted into the platform's backend beside its own channels: a binding moves here while they run, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Someone
from tests.examples.backend import ADA, Backend
from tests.imports.platform import PATH, TOKEN, ZOE, binding, contact, document
from tests.stand_in import TELEGRAM_SECRET, WHATSAPP_SECRET
from tests.world import PUBLIC
from trinity_channels.store import StoreError

ROOT = "jwt-root"
SIGNED = {"X-Twilio-Signature": "fake"}
"""The stand-in for the platform only looks whether there is one."""


@pytest.fixture(params=[True, False], ids=["mounted first", "mounted last"])
async def backend(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenDateTimeFactory
) -> AsyncIterator[Backend]:
    """Nothing is connected here; the providers post to the platform's bindings."""
    async with Backend(tmp_path, clock, first=request.param) as made:
        telegram: Any = made.simulators["telegram"]
        made.simulators["whatsapp"].connect(f"{PUBLIC}/api/whatsapp/webhook/{WHATSAPP_SECRET}")
        telegram.bot.webhook.url = f"{PUBLIC}/api/telegram/webhook/{TELEGRAM_SECRET}"
        telegram.bot.webhook.secret = TOKEN
        yield made


async def test_a_binding_that_moved_is_ours_and_the_others_stay_the_platforms(backend: Backend) -> None:
    zoe, yan = Someone(backend, "whatsapp", "Zoe"), Someone(backend, "telegram", "Yan")
    backend.db.share_agent("support", "ada", ZOE)
    given = document(
        binding(backend, "whatsapp", contact(backend, "whatsapp", "Zoe"), webhook_secret=WHATSAPP_SECRET, owner="ada"),
        shares=[{"agent": "support", "email": "new@example.org"}],
    )
    await zoe.says("before")

    tried = await backend.api("POST", f"{PATH}?dry_run=true", given, token=ROOT)
    await zoe.says("still before")
    done = await backend.api("POST", PATH, given, token=ROOT)
    await zoe.says("after")
    await yan.says("elsewhere")

    assert (tried.status_code, done.status_code) == (200, 200), tried.text + done.text
    assert done.json() == tried.json()
    assert done.json()["shares_elsewhere"] == 1
    assert [secret for secret, _ in backend.platform.received] == [WHATSAPP_SECRET] * 2 + [TELEGRAM_SECRET]
    # Shared on the platform, and signed in there.
    assert len(zoe.heard()) == 1
    assert backend.asked()["source_user_email"] == ZOE


async def test_a_binding_goes_back_when_it_is_disconnected_here(backend: Backend) -> None:
    zoe = Someone(backend, "telegram", "Zoe")
    given = document(binding(backend, "telegram", contact(backend, "telegram", "Zoe"), webhook_secret=TELEGRAM_SECRET))
    await backend.api("POST", PATH, given, token=ROOT)
    await zoe.says("here")
    await backend.host.connections.disconnect(ADA, "support", "telegram")
    await zoe.says("there")
    again = await backend.api("POST", PATH, given, token=ROOT)
    await zoe.says("here again")

    assert again.json()["bindings"][0]["new"] is True
    assert len(backend.platform.received) == 1
    assert b"there" in backend.platform.received[0][1]


async def test_an_owner_by_another_name_is_another_one(backend: Backend) -> None:
    given = document(binding(backend, "telegram", owner="eve"))

    refused = await backend.api("POST", PATH, given, token=ROOT)
    stranger = await backend.api("POST", PATH, given, token="jwt-ada")

    assert refused.json()["problems"][0].startswith("bindings[0].owner: Here the agent belongs to someone else")
    assert (stranger.status_code, stranger.json()["code"]) == (403, "forbidden")


async def statuses(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What WhatsApp and Telegram are answered while our database fails."""

    async def fails(*_: object) -> None:
        raise StoreError("locked")

    with monkeypatch.context() as patched:
        for name in ("read", "lookup"):
            patched.setattr(backend.host.store, name, fails)
        whatsapp = await backend.http.post(f"{PUBLIC}/api/whatsapp/webhook/{WHATSAPP_SECRET}", headers=SIGNED)
        telegram = await backend.http.post(f"{PUBLIC}/api/telegram/webhook/{TELEGRAM_SECRET}", json={})
    return [whatsapp.status_code, telegram.status_code]


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_moved_binding_stays_ours_while_our_database_fails(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    given = document(binding(backend, "whatsapp", webhook_secret=WHATSAPP_SECRET))
    assert (await backend.api("POST", PATH, given, token=ROOT)).status_code == 200
    if restarted:
        await backend.host.stop()
        await backend.host.start()

    assert await statuses(backend, monkeypatch) == [503, 200]
    assert [secret for secret, _ in backend.platform.received] == [TELEGRAM_SECRET]


async def test_one_that_went_back_is_the_platforms_while_our_database_fails(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    yan = Someone(backend, "telegram", "Yan")
    given = document(binding(backend, "telegram", contact(backend, "telegram", "Yan"), webhook_secret=TELEGRAM_SECRET))
    await backend.api("POST", PATH, given, token=ROOT)
    await yan.says("here")
    await backend.host.connections.disconnect(ADA, "support", "telegram")
    await yan.says("there")

    assert await statuses(backend, monkeypatch) == [200, 200]
    assert backend.platform.unknown == []
