"""Fixtures of every plugin's tests. A plugin's own conftest has `make_sim`, which makes its simulator for an address."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from trinity_channels_contract_tests.testing import Serve, served


@pytest.fixture
def serve() -> Serve:
    return served


@pytest.fixture(name="served")
async def served_simulator(make_sim: Callable[[str], Any], serve: Serve) -> AsyncIterator[tuple[Any, str]]:
    """A simulator behind a socket, and its address."""
    made: list[Any] = []

    def make(base_url: str) -> ASGIApp:
        made.append(make_sim(base_url))
        app: ASGIApp = made[0].app
        return app

    async with serve(make) as base_url:
        yield made[0], base_url


@pytest.fixture(name="mounted")
async def mounted_simulator(make_sim: Callable[[str], Any], serve: Serve) -> AsyncIterator[tuple[Any, str]]:
    """A simulator behind a socket, below a path as in the demo, and the address of its page."""
    made: list[Any] = []

    def make(base_url: str) -> ASGIApp:
        made.append(make_sim(f"{base_url}/below"))
        return Starlette(routes=[Mount("/below", made[0].app)])

    async with serve(make) as base_url:
        yield made[0], f"{base_url}/below/"
