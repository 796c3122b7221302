"""A channel without webhooks: its messages can only be fetched, and nowhere is there a webhook of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.laptop import turns
from tests.core.test_plugins import MANIFEST, loaded, pigeon
from tests.pages.clients import client_of
from tests.world import PUBLIC, START, World
from trinity_channels.api import (
    Account,
    Binding,
    Capabilities,
    Channel,
    Context,
    Deliver,
    Identity,
    Inbound,
    MessageReceived,
    OutboundMessage,
    ProviderUnavailable,
    Receipt,
    Sender,
    Verification,
    hookimpl,
)

PIGEON = "/api/agents/support/pigeon"
SENT: list[str] = []


@hookimpl
def channel() -> Channel:
    return replace(MANIFEST, capabilities=Capabilities(listen=True))


@hookimpl
async def configure(listens: bool) -> Account:
    return Account("loft", "L-123", warnings=() if listens else ("It does not listen.",))


@hookimpl
async def verify(binding: Binding) -> Verification:
    return Verification(binding.account)


@hookimpl
async def listen(binding: Binding, ctx: Context, deliver: Deliver) -> None:
    assert (binding.listens, ctx.webhook_url) == (True, None)
    await deliver(Inbound((MessageReceived("ring-1", Sender("L-321"), "hello", "ring-1"),)))
    await asyncio.Event().wait()


@hookimpl
async def send(message: OutboundMessage) -> Receipt:
    SENT.append(message.text)
    return Receipt("ring-2")


@hookimpl
async def resolve_identity(sender: Sender) -> Identity:
    return Identity((sender.address,))


HOOKS = (channel, configure, verify, listen, send, resolve_identity)


@pytest.fixture
async def loft(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[World]:
    SENT.clear()
    hooks: dict[str, Any] = {one.__name__: one for one in HOOKS}
    made = World(tmp_path, clock)
    made.plugins = lambda: loaded(("pigeon", lambda: pigeon(receive=None, **hooks)))
    made.build()
    async with made as world:
        await world.policy("open")
        yield world


async def test_its_messages_are_answered(loft: World) -> None:
    connected = await loft.api("PUT", PIGEON, {})
    await loft.until(lambda: bool(SENT))

    shown = connected.json()
    assert (shown["listens"], shown["webhook_url"], shown["warning"]) == (True, None, None)
    assert SENT == ["echo hello"]
    assert (await loft.api("PUT", PIGEON, {"listens": False})).json()["field"] == "listens"
    assert (await loft.api("POST", f"{PIGEON}/probe")).json()["code"] == "no_webhook"
    assert (await loft.http.post(f"{PUBLIC}/api/pigeon/webhook/any")).status_code == httpx.codes.NOT_FOUND
    assert (await loft.api("POST", "/api/settings/diagnosis")).status_code == httpx.codes.OK


async def test_what_a_broken_connection_could_not_bring_is_asked_for(
    loft: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin, calls = loft.host.plugins["pigeon"], 0

    async def breaks_once(_: Binding, __: Context, deliver: Deliver) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ProviderUnavailable("The sky is closed.")
        await deliver(Inbound())
        await asyncio.Event().wait()

    async def missed(_: Binding, since: datetime, __: Context) -> list[MessageReceived]:
        assert since <= START
        return [MessageReceived("ring-7", Sender("L-321"), "are you there?", "ring-7", sent_at=START)]

    listed = replace(plugin.manifest, capabilities=Capabilities(listen=True, list_missed=timedelta(days=1)))
    monkeypatch.setattr(plugin, "manifest", listed)
    monkeypatch.setattr(plugin, "list_missed", missed)
    monkeypatch.setattr(plugin, "listen", breaks_once)
    await loft.api("PUT", PIGEON, {})
    await loft.until(lambda: calls == 1)
    await loft.later(minutes=1)
    await loft.until(lambda: calls == 2)
    await turns()
    await loft.later(seconds=10)

    assert SENT == ["echo are you there?"]


async def test_its_pages_know_of_no_webhook(loft: World) -> None:
    async with client_of(loft) as owner:
        form = (await owner.get("/agents/support/channels/pigeon")).text
        await loft.api("PUT", PIGEON, {})
        page = (await owner.get("/agents/support/channels/pigeon")).text

    assert 'name="listens"' not in form
    assert "This host fetches the messages from Pigeon" in page
    assert "by webhook instead" not in page
