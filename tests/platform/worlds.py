"""A world whose agent runs on the double of the platform."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.platform.double import TOKEN, URL, Platform
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


@pytest.fixture
def platform() -> Platform:
    """The double, on the clock of the story."""
    return Platform(World.now)
