"""A world whose agent runs on the double of the platform."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.platform.double import TOKEN, URL, Platform
from tests.platform.executions import Plan
from tests.world import OWNER, Found, World


async def beside(found: Found, platform: Platform, *, connected: bool = True, **settings: Any) -> World:
    """A world beside the platform, open to everyone; `settings` are those of its agent."""
    agents = {"support": {"owner": OWNER, "runtime": "trinity", **settings}}
    made = await found(connected=connected, trinity_url=URL, trinity_token=TOKEN, configured=agents)
    made.network.serve({URL: platform.app})
    if connected:
        await made.policy("open")
    return made


async def served(found: Found, platform: Platform, *, connected: bool = True, **tables: Any) -> World:
    """A world of which the platform says which agents there are; `tables` add to them by name."""
    made = await found(connected=False, trinity_url=URL, trinity_token=TOKEN, configured=tables)
    made.network.serve({URL: platform.app})
    if connected:
        await made.connect()
        quiet = {"enabled": False, "reason": "a test"}
        assert (await made.api("PUT", "/api/agents/support/disclosure", quiet)).status_code == httpx.codes.OK
    return made


async def agents(world: World, token: str) -> list[tuple[str, str]]:
    """The names of the agents that a token sees, with their owners."""
    answer = await world.api("GET", "/api/agents", token=token)
    assert answer.status_code == httpx.codes.OK, answer.text
    return [(one["name"], one["owner"]) for one in answer.json()]


async def waits(world: World, seconds: int, step: int = 5) -> None:
    """Let time pass in small steps, as it does: each question to the platform sets the time of the next."""
    for _ in range(seconds // step):
        await world.later(seconds=step)


def runs(platform: Platform, *plans: Plan) -> None:
    """How the next runs go, the last one again and again."""
    platform.executions.plans[:] = plans


@pytest.fixture
async def town(found: Found, platform: Platform) -> World:
    """A world beside the platform, open to everyone."""
    return await beside(found, platform)


@pytest.fixture
def platform() -> Platform:
    """The double, on the clock of the story."""
    return Platform(World.now)
