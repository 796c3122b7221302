from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import CHANNELS, Net, Someone
from tests.channels.vouching import ZOE
from tests.world import Agent


@pytest.fixture(params=CHANNELS)
def channel(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
async def asking(tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent) -> AsyncIterator[Net]:
    """An agent that talks with everyone whose e-mail is known."""
    async with Net(tmp_path, clock, agents=agent) as net:
        await net.connect_all()
        await net.policy("require_email")
        yield net


@pytest.fixture
async def laptop(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Net]:
    """A host without a public address, whose agent listens to its bot."""
    async with Net(tmp_path, clock, public_chat_url=None) as net:
        await net.policy("open")
        await net.listens_to("telegram")
        yield net


@pytest.fixture
def zoe(asking: Net) -> Someone:
    return Someone(asking, "slack", "Zoe", email=ZOE)
