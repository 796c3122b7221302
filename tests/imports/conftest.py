from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.cli.conftest import Terminal, terminal
from tests.imports.platform import KEYS, TOKEN
from tests.world import PUBLIC

__all__ = ["terminal"]


@pytest.fixture
async def moving(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Net]:
    """A world with nothing connected, whose providers post to where the platform has its webhooks."""
    async with Net(tmp_path, clock) as net:
        telegram: Any = net.simulators["telegram"]
        net.simulators["whatsapp"].connect(f"{PUBLIC}/api/whatsapp/webhook/{KEYS['whatsapp']}")
        telegram.bot.webhook.url, telegram.bot.webhook.secret = (
            f"{PUBLIC}/api/telegram/webhook/{KEYS['telegram']}",
            TOKEN,
        )
        yield net


@pytest.fixture
async def served(moving: Net, terminal: Terminal) -> AsyncIterator[Net]:
    """The same, listening where commands find it."""
    async with terminal.serving(moving):
        yield moving
