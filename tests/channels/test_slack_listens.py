"""Slack in Socket Mode: the host holds a connection, and has no public address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from trinity_channels_slack.simulator import SlackSimulator

SLACK = "/api/agents/support/slack"


class Laptop(Net):
    """A host without a public address, whose agent listens to Slack."""

    @property
    def slack(self) -> SlackSimulator:
        found = self.simulators["slack"]
        assert isinstance(found, SlackSimulator)
        return found

    async def listens(self) -> httpx.Response:
        """Connect the app in Socket Mode, and wait until the host has connected to Slack."""
        self.slack.prepare_listening()
        answer = await self.api("PUT", SLACK, {**self.slack.settings(), "listens": True})
        if answer.status_code == httpx.codes.OK:
            await self.until(lambda: self.slack.sockets.count == 1)
        return answer


@pytest.fixture
async def laptop(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Laptop]:
    async with Laptop(tmp_path, clock, public_chat_url=None) as net:
        await net.policy("open")
        assert (await net.listens()).status_code == httpx.codes.OK
        yield net


async def test_an_app_answers_without_a_public_address(laptop: Laptop) -> None:
    zoe = laptop.stranger("slack", "Zoe")

    await zoe.says("hello", "and again")

    assert zoe.heard() == ["echo hello", "echo and again"]
    shown: dict[str, Any] = (await laptop.api("GET", SLACK)).json()
    assert (shown["listens"], shown["webhook_url"]) == (True, None)
