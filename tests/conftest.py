"""The world of the tests: a real host, a real plugin, a simulated provider, people with phones, a clock that is moved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pydantic.v1  # noqa: F401  imported later, under the frozen clock, it would inherit from a fake date
import pytest
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory

from tests.world import START, World


@pytest.fixture(scope="session")
def frozen() -> Iterator[FrozenDateTimeFactory]:
    """The clock of every story; scanning all modules for it is slow, so it is made once."""
    with freeze_time(START, real_asyncio=True) as clock:
        yield clock


@pytest.fixture
def clock(frozen: FrozenDateTimeFactory) -> FrozenDateTimeFactory:
    frozen.move_to(START)
    return frozen


@pytest.fixture
async def world(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[World]:
    """A connected agent called `support`, owned by owner@example.org, open to nobody yet."""
    async with World(tmp_path, clock) as made:
        await made.connect()
        yield made
