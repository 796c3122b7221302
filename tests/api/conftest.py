"""A world to connect something in."""

from __future__ import annotations

import pytest

from tests.world import Found, Person, World
from trinity_channels.api import Fault


@pytest.fixture
async def bare(found: Found) -> World:
    """A world whose agent is connected to nothing."""
    return await found(connected=False)


@pytest.fixture
async def zoe(world: World) -> Person:
    """Someone who has signed in and may be written to."""
    person = world.person("Zoe")
    await world.shares("zoe@example.org", proactive=True)
    await person.verifies("zoe@example.org")
    return person


@pytest.fixture
async def unheard(town: World) -> Person:
    """A person whose answer was refused for wrong credentials; they work by now."""
    zoe = town.person("Zoe")
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("hello")
    assert zoe.heard() == []
    return zoe
