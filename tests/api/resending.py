"""How an owner lists deliveries and sends them again, for the tests of both."""

from __future__ import annotations

from typing import Any

import httpx

from tests.world import World

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
