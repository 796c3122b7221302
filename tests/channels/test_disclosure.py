"""In a group, too, people are told that an AI agent answers: each group once, and each direct chat for itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.channels.test_groups import EMAIL, GROUPS, in_a_group
from trinity_channels import texts


@pytest.fixture
async def net(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Net]:
    async with Net(tmp_path, clock, discloses=True) as made:
        await made.connect_all()
        await made.shares(EMAIL)
        yield made


@GROUPS
async def test_a_group_is_told_with_the_first_answer_and_after_a_day_of_silence(net: Net, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    await zoe.verifies(EMAIL)
    ask = await in_a_group(net, channel, zoe)

    first = (await ask("status?"))[-1]
    again = (await ask("and now?"))[-1]
    net.clock.tick(timedelta(hours=25))
    later = (await ask("good morning"))[-1]

    assert [texts.DISCLOSURE in text for text in (first, again, later)] == [True, channel == "slack", True]


async def test_a_direct_chat_is_told_for_itself(net: Net, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    await zoe.verifies(EMAIL)

    await zoe.says("hello")
    await zoe.says("and again")

    first, second = zoe.heard()[-2:]
    assert first.startswith(texts.DISCLOSURE)
    assert first.endswith("echo hello")
    assert second == "echo and again"
