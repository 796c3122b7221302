"""Whatever a plugin does while it listens, no event is lost, and no other binding and no chore waits for it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock

import pytest

from tests.channels.laptop import TELEGRAM, check, pause, plugged, polled, turns
from tests.channels.net import Net, Someone
from tests.channels.test_alerts import opened
from trinity_channels.api import (
    Binding,
    BindingState,
    Context,
    Deliver,
    Inbound,
    NotStored,
    ProviderUnavailable,
)
from trinity_channels.bindings import listening
from trinity_channels.inbound import intake, listeners
from trinity_channels.inbound.accept import accept
from trinity_channels.inbound.listener import Listener
from trinity_channels.lease import LeaseLost


@pytest.fixture
def zoe(laptop: Net) -> Someone:
    return laptop.stranger("telegram", "Zoe")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("secret words"), "The plugin failed (KeyError)."),
        (asyncio.CancelledError(), "The plugin failed (CancelledError)."),
        (SystemExit(3), "The plugin failed (SystemExit)."),
        (GeneratorExit(), "The plugin failed (GeneratorExit)."),
        (LeaseLost("secret words"), "The plugin failed (LeaseLost)."),
        (ProviderUnavailable("It is being repaired."), "It is being repaired."),
        (None, "The connection has ended before anything came."),
    ],
)
async def test_a_plugin_that_ends_is_called_again(
    laptop: Net, monkeypatch: pytest.MonkeyPatch, error: BaseException | None, said: str
) -> None:
    calls = 0

    async def ends(*_: object) -> None:
        nonlocal calls
        calls += 1
        if error is not None:
            raise error

    await plugged(laptop, monkeypatch, ends)
    assert await pause(laptop) <= timedelta(seconds=1)
    for _ in range(10):
        await laptop.later(minutes=1)

    assert calls > 8
    assert timedelta(seconds=40) < await pause(laptop) <= timedelta(seconds=60)
    assert said in (await check(laptop))["message"]
    assert "secret words" not in (await laptop.api("GET", TELEGRAM)).text


@pytest.mark.parametrize(
    ("asked", "least"),
    [(3600, 3600), (90.5, 90.5), (10**9, 86_400), (0, 0.5), (-1, 0.5), (float("nan"), 0.5), (None, 0.5), ("1h", 0.5)],
)
async def test_the_pause_that_a_provider_asks_for_is_kept(
    laptop: Net, monkeypatch: pytest.MonkeyPatch, asked: Any, least: float
) -> None:
    async def busy(*_: object) -> None:
        raise ProviderUnavailable("Too many requests.", retry_after=asked)

    await plugged(laptop, monkeypatch, busy)

    assert least <= (await pause(laptop)).total_seconds() <= max(least, 1)


async def test_an_event_that_alone_cannot_be_stored_is_given_up_in_the_end(
    laptop: Net, zoe: Someone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing(monkeypatch, "poison")
    await zoe.phone.says("poison")
    await zoe.phone.says("hello")
    for _ in range(4):
        await laptop.later(minutes=1)
        await turns()
    assert zoe.heard() == []
    for _ in range(3):
        await laptop.later(minutes=1)
        await turns()
    await laptop.settle()

    assert zoe.heard() == ["echo hello"]
    assert caplog.text.count("event given up") == 1


def failing(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """Let the host fail on events that say this."""

    def fails(tx: Any, binding: int, events: Any, now: datetime) -> Any:
        if any(said in {getattr(event, "text", ""), getattr(event, "code", "")} for event in events):
            raise RuntimeError("a fault of ours")
        return accept(tx, binding, events, now)

    monkeypatch.setattr(intake, "accept", fails)


async def test_events_beside_one_that_cannot_be_stored_are_stored_at_once(
    laptop: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspended = BindingState("suspended", works=False, message="The account is suspended.")

    refused: list[Exception] = []

    async def listen(_: Binding, __: Context, deliver: Deliver) -> None:
        try:
            await deliver(Inbound((BindingState("poison", works=False), suspended)))
        except NotStored as error:
            refused.append(error)
        await asyncio.Event().wait()

    failing(monkeypatch, "poison")
    await plugged(laptop, monkeypatch, listen)

    assert await opened(laptop) == [("telegram", "account")]
    assert len(refused) == 1


async def test_a_failure_of_the_hosts_own_ends_no_listener(
    laptop: Net, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put, errors, calls = listening.put, [RuntimeError("a fault of ours")], 0

    def fails(*told: Any) -> None:
        if errors:
            raise errors.pop(0)
        put(*told)

    async def breaks(*_: object) -> None:
        nonlocal calls
        calls += 1
        raise ProviderUnavailable("It is being repaired.")

    monkeypatch.setattr(listening, "put", fails)
    await plugged(laptop, monkeypatch, breaks)
    for _ in range(3):
        await laptop.later(minutes=2)
        await turns()

    assert calls > 3
    assert "a fault of ours" in caplog.text
    assert "It is being repaired." in (await check(laptop))["message"]


async def test_a_listener_that_ends_unforeseen_is_begun_again(
    laptop: Net, zoe: Someone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listeners, "LONGEST_PAUSE", 0.01)
    with monkeypatch.context() as broken:
        broken.setattr(Listener, "_wait", AsyncMock(side_effect=RuntimeError("a fault of ours")))
        broken.setattr(Listener, "_listen_once", AsyncMock(side_effect=RuntimeError("another one")))
        laptop.clock.tick(1)
        await laptop.api("PUT", TELEGRAM, {**laptop.simulators["telegram"].settings(), "listens": True})
        await laptop.until(lambda: "listener ended" in caplog.text)

    await laptop.until(lambda: polled(laptop))
    await zoe.says("hello")
    assert zoe.heard() == ["echo hello"]


async def test_a_plugin_that_cannot_be_cancelled_delivers_nothing_more(
    laptop: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "PATIENCE", 0.01)
    refused: list[BaseException] = []
    go = asyncio.Event()

    async def stays(_: Binding, __: Context, deliver: Deliver) -> None:
        await deliver(Inbound())
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await go.wait()
        try:
            await deliver(Inbound((BindingState("late", works=False),)))
        except NotStored as error:
            refused.append(error)

    await plugged(laptop, monkeypatch, stays)
    await laptop.api("DELETE", TELEGRAM)
    await laptop.until(lambda: not laptop.host.periodic.listeners.running)
    go.set()
    await laptop.until(lambda: bool(refused))

    assert await opened(laptop) == []


async def test_a_plugin_that_delivers_all_the_time_holds_up_nothing(
    laptop: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    async def other() -> None:
        for _ in range(9):
            order.append("other")
            await asyncio.sleep(0)

    async def delivers(_: Binding, __: Context, deliver: Deliver) -> None:
        await deliver(Inbound())
        beside = asyncio.create_task(other())
        while order.count("delivered") < 9:
            await deliver(Inbound())
            order.append("delivered")
        await beside
        await asyncio.Event().wait()

    await plugged(laptop, monkeypatch, delivers)

    assert order == ["other", "delivered"] * 9


async def test_something_else_than_events_is_refused(laptop: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    async def delivers(_: Binding, __: Context, deliver: Any) -> None:
        await deliver([])

    await plugged(laptop, monkeypatch, delivers)
    await laptop.later(seconds=0.1)

    assert "The plugin failed (TypeError)." in (await check(laptop))["message"]
