from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.pages.browsing import Readers


@pytest.fixture
async def page_of() -> AsyncIterator[Readers]:
    """Browsers: `reader = await page_of(world)` is an administrator's, already signed in."""
    async with Readers() as readers:
        yield readers
