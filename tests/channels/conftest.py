from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import CHANNELS, Net


@pytest.fixture
async def net(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Net]:
    async with Net(tmp_path, clock) as made:
        await made.connect_all()
        yield made


@pytest.fixture(params=CHANNELS)
def channel(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name
