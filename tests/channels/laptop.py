"""What is told of a host without a public address, the fixture `laptop`, which fetches what people write."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.channels.net import Net
from trinity_channels.api import (
    Binding,
    Context,
    Deliver,
    Event,
    Inbound,
)

TELEGRAM = "/api/agents/support/telegram"


async def shown(net: Net) -> dict[str, Any]:
    found: dict[str, Any] = (await net.api("GET", TELEGRAM)).json()
    return found


async def check(net: Net, code: str = "connection") -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in (await shown(net))["health"]["checks"] if one["code"] == code)
    return found


def polled(net: Net) -> bool:
    """Whether the host waits for messages now."""
    simulator: Any = net.simulators["telegram"]
    waits: bool = simulator.is_polled()
    return waits


async def turns() -> None:
    """Let all that needs no time happen."""
    for _ in range(100):
        await asyncio.sleep(0)


async def back(net: Net, **delta: float) -> None:
    """Let time pass until the host waits for messages again."""
    await net.later(**(delta or {"minutes": 1}))
    await net.until(lambda: polled(net))
    await net.settle()


async def bot(net: Net, method: str, **parameters: Any) -> httpx.Response:
    """What another program calls with the bot's token."""
    token = net.simulators["telegram"].settings()["bot_token"]
    return await net.http.post(f"http://telegram.simulator/bot{token}/{method}", json=parameters)


async def pause(net: Net) -> timedelta:
    """How long after it has failed it is tried again."""
    (at, detail), *_ = net.rows("SELECT at, detail FROM trinity_channels_binding_notice WHERE code = 'listening'")
    return datetime.fromisoformat(json.loads(detail)[2]) - datetime.fromtimestamp(at / 1e6, UTC)


Listens = Callable[[Binding, Context, Deliver], Awaitable[None]]


async def plugged(net: Net, monkeypatch: pytest.MonkeyPatch, listen: Listens) -> None:
    """Put another `listen` in the plugin's place, and let it run."""
    monkeypatch.setattr(net.host.plugins["telegram"], "listen", listen)
    net.clock.tick(1)  # settings that were entered again have another time
    await net.api("PUT", TELEGRAM, {**net.simulators["telegram"].settings(), "listens": True})
    await turns()
    await net.settle()


def delivering(*events: Event) -> Listens:
    """It delivers these, and waits."""

    async def listen(_: Binding, __: Context, deliver: Deliver) -> None:
        await deliver(Inbound(events))
        await asyncio.Event().wait()

    return listen
