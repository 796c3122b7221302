"""Plugins are told where a person has written when they are asked who that is, and where the agent works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.world import Agent


@pytest.mark.parametrize("group", [False, True])
async def test_the_place_of_a_message_is_told(
    tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent, monkeypatch: pytest.MonkeyPatch, group: bool
) -> None:
    monkeypatch.setattr("trinity_channels.inbound.indicate.PATIENCE", 0.01)
    async with Net(tmp_path, clock, agents=agent) as net:
        await net.connect_all()
        await net.policy("open")
        plugin, asked, shown = net.host.plugins["slack"], [], []
        resolve = plugin.resolve_identity

        async def resolves(binding: Any, sender: Any, ctx: Any, conversation: Any) -> Any:
            asked.append(conversation)
            return await resolve(binding, sender, ctx, conversation)

        async def indicates(*told: Any) -> None:
            shown.append(told[3:])

        monkeypatch.setattr(plugin, "resolve_identity", resolves)
        monkeypatch.setattr(plugin, "indicate", indicates)
        zoe: Any = net.simulators["slack"].phone("Zoe")
        agent.thinks()
        await (zoe.mentions("hello") if group else zoe.says("hello"))
        await net.until(lambda: bool(shown))
        agent.speaks()
        await net.settle()

    place = net.rows("SELECT address FROM trinity_channels_conversation")[0][0]
    assert asked == [place]
    assert shown == [(place, place, False)]
