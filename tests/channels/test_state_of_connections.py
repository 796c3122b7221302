"""The state of a connection is what it is now, and that of the process which listens."""

from __future__ import annotations

import asyncio

import pytest

from tests.channels.laptop import check, plugged, polled, shown
from tests.channels.net import Net
from tests.channels.test_alerts import opened
from trinity_channels.api import Binding, Context, Deliver, Inbound
from trinity_channels.bindings.listening import Listening
from trinity_channels.inbound import connection_state, still_listens
from trinity_channels.store import bindings


async def state(net: Net) -> tuple[str, str]:
    found = await check(net)
    return found["state"], found["message"]


async def test_a_state_ends_with_the_listener(net: Net) -> None:
    await net.listens_to("telegram")
    await net.settle()
    assert (await state(net))[0] == "ok"

    net.host.store.resign()
    await net.until(lambda: not any(one.get_name().startswith("listener") for one in asyncio.all_tasks()))
    assert (await state(net))[0] == "unknown"

    await net.later(minutes=4)
    assert (await state(net))[0] == "failed"
    assert "No process that does this host's work" in (await state(net))[1]
    assert (await shown(net))["connection"]["connected_since"] is None

    await net.host.store.listen(lead=True)
    await net.until(lambda: polled(net))
    await net.settle()
    assert (await state(net))[0] == "ok"


async def test_a_process_that_was_killed_is_not_connected(net: Net) -> None:
    await net.listens_to("telegram")
    await net.settle()
    # As it lies in the database after that; another process serves the pages.
    for one in asyncio.all_tasks():
        if one.get_name().startswith("listener"):
            one.get_coro().close()
    net.clock.tick(240)

    assert (await state(net))[0] == "failed"


async def test_a_state_is_kept_fresh_while_nothing_changes(net: Net) -> None:
    await net.listens_to("telegram")
    for _ in range(3):
        await net.later(minutes=2)
        assert (await state(net))[0] == "ok"


async def test_a_process_that_has_lost_the_lead_does_not_overwrite_the_state(net: Net) -> None:
    await net.listens_to("telegram")
    await net.settle()
    ((binding, version),) = (await net.host.store.read(bindings.listening)).items()
    paused = connection_state.ConnectionState(still_listens.StillListens(binding, version), net.host.store, net.now)
    paused.made = True

    await paused.put(Listening(failing_since=net.now(), error="It was paused."))
    assert (await state(net))[0] == "ok"

    # If it was just about to take over: the one that leads writes again.
    paused.made = None
    await paused.take_over()
    await paused.put(Listening(failing_since=net.now(), error="It was paused."))
    assert (await state(net))[0] == "warning"
    await net.later(minutes=1)
    assert (await state(net))[0] == "ok"


async def test_a_plugin_that_ends_soon_after_it_was_connected_fails(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    async def listen(_: Binding, __: Context, deliver: Deliver) -> None:
        await deliver(Inbound())

    await net.listens_to("telegram")
    await plugged(net, monkeypatch, listen)
    assert "ended soon after it was made" in (await state(net))[1]

    for _ in range(26):
        await net.later(seconds=30)
    assert await opened(net) == [("telegram", "connection")]
