"""A world to connect something in."""

from __future__ import annotations

import pytest

from tests.world import Found, World


@pytest.fixture
async def bare(found: Found) -> World:
    """A world whose agent is connected to nothing."""
    return await found(connected=False)
