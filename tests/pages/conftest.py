from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.pages.browsing import Readers
from tests.pages.clients import client_of
from tests.world import World


@pytest.fixture
async def page_of() -> AsyncIterator[Readers]:
    """Browsers: `reader = await page_of(world)` is an administrator's, already signed in."""
    async with Readers() as readers:
        yield readers


@pytest.fixture
async def admin(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator without a browser; see `client_of` for others."""
    async with client_of(world) as client:
        yield client
