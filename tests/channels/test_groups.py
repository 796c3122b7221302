"""Groups: the agent answers verified people who address it, or nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.channels.net import Net, Someone
from trinity_channels import texts

EMAIL = "zoe@example.org"
GROUPS = pytest.mark.parametrize("channel", ["telegram", "slack"])
Asks = Callable[[str], Awaitable[list[str]]]


async def in_a_group(net: Net, channel: str, zoe: Someone) -> Asks:
    """How this person addresses the agent where several people write; gives what the agent has said there."""
    simulator: Any = net.simulators[channel]
    group: Any = await simulator.group("Team", zoe.phone) if channel == "telegram" else "team"

    async def ask(text: str) -> list[str]:
        private = len(zoe.heard())
        if channel == "telegram":
            await zoe.phone.mentions(text, group)
        else:
            await zoe.phone.mentions(text, channel=group)
        await net.settle()
        return [one.text for one in group.heard()] if channel == "telegram" else zoe.heard()[private:]

    return ask


@GROUPS
async def test_a_verified_person_who_addresses_the_agent_is_answered_there(net: Net, channel: str) -> None:
    await net.api("POST", "/api/agents/support/share", {"email": EMAIL})
    zoe = net.stranger(channel, "Zoe")
    await zoe.verifies(EMAIL)
    ask = await in_a_group(net, channel, zoe)

    assert await ask("status?") == ["echo status?"]


@GROUPS
async def test_a_stranger_is_sent_to_a_direct_chat_once(net: Net, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    ask = await in_a_group(net, channel, zoe)

    first = await ask("status?")
    again = await ask("hello?")

    assert first == [texts.GROUP_HINT]
    assert again in ([], first)


@GROUPS
async def test_who_follows_the_hint_is_told_at_once_how_to_sign_in(net: Net, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    ask = await in_a_group(net, channel, zoe)
    await ask("status?")

    await zoe.says("hello")

    assert "login you@example.com" in zoe.heard()[-1]


@GROUPS
async def test_an_agent_may_be_off_in_groups(net: Net, channel: str) -> None:
    await net.api("POST", "/api/agents/support/share", {"email": EMAIL})
    await net.api("PUT", "/api/agents/support/access-policy", {"group_policy": "off"})
    zoe = net.stranger(channel, "Zoe")
    await zoe.verifies(EMAIL)
    ask = await in_a_group(net, channel, zoe)

    assert await ask("status?") == []
