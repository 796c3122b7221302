from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser

from tests.pages.browsing import Readers, launched
from tests.pages.clients import client_of
from tests.world import World


def _as_long_as_the_loop(fixture_name: str, config: pytest.Config) -> Any:  # noqa: ARG001  pytest's signature
    """A browser cannot outlive its event loop: `tests/run.py` has one for all tests of the pages, else each has its own."""
    return config.getini("asyncio_default_fixture_loop_scope")


@pytest.fixture(scope=_as_long_as_the_loop)
async def browser() -> AsyncIterator[Browser]:
    """A Chromium; to start one takes longer than most tests of the pages."""
    async with launched() as browser:
        yield browser


@pytest.fixture
async def page_of(browser: Browser) -> AsyncIterator[Readers]:
    """Browsers: `reader = await page_of(world)` is an administrator's, already signed in."""
    async with Readers(browser) as readers:
        yield readers


@pytest.fixture
async def admin(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator without a browser; see `client_of` for others."""
    async with client_of(world) as client:
        yield client
