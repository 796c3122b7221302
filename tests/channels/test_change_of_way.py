"""The way in which messages come is changed, and the provider or a listener learns of it late."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import httpx
import pytest
from sqlalchemy import update

from tests.channels.laptop import TELEGRAM, bot, plugged, polled, turns
from tests.channels.net import Net
from tests.channels.test_alerts import opened
from trinity_channels.api import Binding, BindingState, Context, Deliver, Fault, Inbound, NotStored, ProviderUnavailable
from trinity_channels.inbound import listener
from trinity_channels.store import StoreError, bindings
from trinity_channels.store.tables import BINDING


@pytest.mark.parametrize("channel", ["telegram", "slack"])
async def test_what_the_provider_still_posts_after_the_way_was_changed_is_taken(net: Net, channel: str) -> None:
    await net.policy("open")
    zoe = net.stranger(channel, "Zoe")
    simulator: Any = net.simulators[channel]
    await zoe.says("one")
    net.host.store.resign()  # nothing listens yet that could tell the provider
    net.clock.tick(2)  # Telegram's flood control
    if channel == "slack":
        simulator.prepare_listening()
    answer = await net.api("PUT", f"/api/agents/support/{channel}", {**simulator.settings(), "listens": True})
    assert answer.json()["listens"] is True
    if channel == "slack":
        simulator.switch_socket_mode(on=False)

    await zoe.says("two")

    assert zoe.heard() == ["echo one", "echo two"]


@pytest.fixture
def unheard(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process cannot read what has changed, for the database is locked just then."""
    read = net.host.store.read

    async def reads(unit: Any) -> Any:
        if unit is bindings.listening:
            raise StoreError("The database is locked.")
        return await read(unit)

    monkeypatch.setattr(net.host.store, "read", reads)


@pytest.fixture
def uninformed(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process does not even know that something has changed, as one whose connection for news is down."""
    monkeypatch.setattr(net.host.bindings, "let_go", nothing)
    monkeypatch.setattr(listener.Listener, "hold", lambda _: None)


async def nothing(_: object) -> None:
    pass


@pytest.mark.parametrize("state", ["unheard", "uninformed"])
async def test_a_webhook_that_was_just_set_stays(net: Net, request: pytest.FixtureRequest, state: str) -> None:
    await net.policy("open")
    zoe, telegram = net.stranger("telegram", "Zoe"), cast("Any", net.simulators["telegram"])
    await net.listens_to("telegram")
    request.getfixturevalue("unheard")
    if state == "uninformed":
        request.getfixturevalue(state)
    # It waits to try again while the way is changed.
    telegram.inject_polling(Fault.SERVER_ERROR, times=3)
    await zoe.says("one")

    answer = await net.api("PUT", TELEGRAM, {**telegram.settings(), "listens": False})
    assert answer.status_code == httpx.codes.OK
    await net.later(minutes=1)
    await net.later(minutes=1)

    assert (await bot(net, "getWebhookInfo")).json()["result"]["url"] == answer.json()["webhook_url"]
    await zoe.says("two")
    assert zoe.heard() == ["echo one", "echo two"]


@pytest.mark.parametrize("state", ["unheard", "uninformed"])
async def test_nothing_is_taken_after_disconnecting(net: Net, request: pytest.FixtureRequest, state: str) -> None:
    await net.policy("open")
    zoe = net.stranger("telegram", "Zoe")
    await net.listens_to("telegram")
    await zoe.says("one")
    request.getfixturevalue("unheard")
    if state == "uninformed":
        request.getfixturevalue(state)

    assert (await net.api("DELETE", TELEGRAM)).status_code == httpx.codes.OK
    await zoe.says("two")
    assert zoe.heard() == ["echo one"]
    await net.until(lambda: not polled(net))

    # It waits at Telegram.
    waiting = (await bot(net, "getUpdates")).json()["result"]
    assert [one["message"]["text"] for one in waiting] == ["two"]


@pytest.mark.parametrize("change", [{"listens": False}, {}])
async def test_what_was_delivered_with_former_settings_is_not_stored(
    net: Net, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, change: dict[str, object]
) -> None:
    go, refused = asyncio.Event(), asyncio.Event()

    async def listen(_: Binding, __: Context, deliver: Deliver) -> None:
        await deliver(Inbound())
        await go.wait()
        try:
            await deliver(Inbound((BindingState("suspended", works=False),)))
        except NotStored:
            refused.set()
        await asyncio.Event().wait()  # although it was told that it is over

    await net.listens_to("telegram")
    await plugged(net, monkeypatch, listen)
    request.getfixturevalue("unheard")
    request.getfixturevalue("uninformed")
    net.clock.tick(2)  # Telegram's flood control
    telegram = net.simulators["telegram"].settings()
    assert (await net.api("PUT", TELEGRAM, {**telegram, **change})).status_code == httpx.codes.OK
    go.set()
    await net.until(refused.is_set)

    assert await opened(net) == []
    await turns()
    assert not any(one.get_name().startswith("listener") for one in asyncio.all_tasks())


async def test_nothing_is_begun_for_a_binding_that_another_process_has_changed(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = 0

    async def listen(*_: object) -> None:
        nonlocal begun
        begun += 1
        raise ProviderUnavailable("It is being repaired.")

    await net.listens_to("telegram")
    await plugged(net, monkeypatch, listen)
    await net.later(minutes=1)
    assert begun > 1

    # No news of it come, and the open binding is kept in memory.
    await net.host.store.write(lambda tx: tx.run(update(BINDING).values(listens=False)))
    before = begun
    for _ in range(3):
        await net.later(minutes=1)
    assert begun == before
