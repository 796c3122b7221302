"""The host's own messages are bounded on every messenger, and in groups as in direct chats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net, Someone

FOUR = {"trinity_channels_notices_per_contact": 4}


async def test_a_stranger_gets_four_messages_an_hour(
    tmp_path: Path, clock: FrozenDateTimeFactory, channel: str
) -> None:
    async with Net(tmp_path, clock, **FOUR) as net:
        await net.connect_all()
        mallory = net.stranger(channel, "Mallory")

        for _ in range(6):
            await mallory.says("hello", "!help", "!whoami")
            await net.later(minutes=5)

        assert len(mallory.heard()) == 4


@pytest.mark.parametrize("channel", ["telegram", "slack"])
async def test_pointers_in_groups_count_for_the_stranger_who_causes_them(
    tmp_path: Path, clock: FrozenDateTimeFactory, channel: str
) -> None:
    async with Net(tmp_path, clock, **FOUR) as net:
        await net.connect_all()
        mallory, yan = (net.stranger(channel, name) for name in ("Mallory", "Yan"))
        says, heard = await _in_a_group(net, channel, mallory, yan)

        for number in range(8):
            await says(mallory, "/help" if number % 2 else "status?")
            await net.later(minutes=2)
        in_the_group = heard()
        await mallory.says("!help")

        assert in_the_group == 4
        assert len(mallory.heard()) == (4 if channel == "slack" else 0)
        await says(yan, "/help")
        assert heard() == 5


async def _in_a_group(net: Net, channel: str, *people: Someone) -> Any:
    """How people address the agent in a group, and how many messages have come there."""
    if channel == "telegram":
        simulator: Any = net.simulators[channel]
        group = await simulator.group("Team", *(one.phone for one in people))
        where: dict[str, Any] = {"chat": group}
    else:
        where = {"channel": "team"}

    async def says(person: Someone, text: str) -> None:
        await person.phone.mentions(text, **where)
        await net.settle()

    def heard() -> int:
        if channel == "telegram":
            return len(group.heard())
        return max(len(one.heard()) for one in people)

    return says, heard
