"""How an owner lists deliveries and sends them again, for the tests of both."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.world import Agent, Person, World
from trinity_channels.api import Fault

PATH = "/api/agents/support/deliveries"
FAILED = {"undelivered": "63024", "failed": "63024"}
"""Error codes of the receipts that have one."""
WRITTEN = "This was written on 2 March, 09:00 UTC and could not be sent earlier.\n\n"
"""What a message begins with that is sent again after more than an hour."""
ESSAY = "\n\n".join(f"Paragraph {number}: " + "lorem ipsum dolor sit amet " * 20 for number in range(1, 9)).strip()


async def deliveries(world: World, query: str = "") -> list[dict[str, Any]]:
    """The agent's deliveries, oldest first."""
    found: list[dict[str, Any]] = (await world.api("GET", f"{PATH}{query}")).json()
    return found[::-1]


async def resend(world: World, delivery: int, **options: str) -> httpx.Response:
    answer = await world.api("POST", f"{PATH}/{delivery}/resend", **options)
    await world.settle()
    return answer


async def resend_all(world: World, **wanted: str) -> httpx.Response:
    answer = await world.api("POST", f"{PATH}/resend", wanted)
    await world.settle()
    return answer


async def half_answered(world: World, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> Person:
    """A person who got the first part of a long answer; the rest would arrive now."""
    zoe = world.person("Zoe")
    agent.will_answer(ESSAY)
    plugin = world.host.plugins["whatsapp"]
    send, calls = plugin.send, 0

    async def takes_only_the_first(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 1:
            world.fails(Fault.UNAUTHORIZED)
        return await send(*args)

    with monkeypatch.context() as broken:
        broken.setattr(plugin, "send", takes_only_the_first)
        await zoe.says("tell me")
        await world.much_later()
    return zoe
