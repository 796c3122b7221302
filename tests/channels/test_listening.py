"""A bot is reached without a public address: the host fetches what people write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net

TELEGRAM = "/api/agents/support/telegram"


@pytest.fixture
async def laptop(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Net]:
    """A host without a public address, whose agent listens to its bot."""
    async with Net(tmp_path, clock, public_chat_url=None) as net:
        await net.policy("open")
        await listens(net)
        yield net


async def listens(net: Net) -> dict[str, Any]:
    """Connect the bot, and wait until the host asks it for messages."""
    simulator: Any = net.simulators["telegram"]
    answer = await net.api("PUT", TELEGRAM, {**simulator.settings(), "listens": True})
    assert answer.status_code == httpx.codes.OK, answer.text
    await net.until(simulator.is_polled)
    shown: dict[str, Any] = answer.json()
    return shown


async def test_a_bot_answers_without_a_public_address(laptop: Net) -> None:
    zoe = laptop.stranger("telegram", "Zoe")

    await zoe.says("hello", "and again")

    assert zoe.heard() == ["echo hello", "echo and again"]
    shown = (await laptop.api("GET", TELEGRAM)).json()
    assert (shown["listens"], shown["webhook_url"]) == (True, None)
