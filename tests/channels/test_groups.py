"""Groups: the agent answers verified people who address it, or no one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net, Someone
from tests.world import Agent
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


@GROUPS
async def test_an_agent_may_answer_everyone_in_groups(net: Net, channel: str) -> None:
    await net.api("PUT", "/api/agents/support/access-policy", {"group_auth_mode": "none"})
    ask = await in_a_group(net, channel, net.stranger(channel, "Zoe"))

    assert await ask("status?") == ["echo status?"]


@GROUPS
async def test_a_blocked_person_gets_no_answer_in_a_group_that_is_open(net: Net, channel: str) -> None:
    await net.api("PUT", "/api/agents/support/access-policy", {"group_auth_mode": "none"})
    zoe = net.stranger(channel, "Zoe")
    ask = await in_a_group(net, channel, zoe)
    await ask("status?")
    (client,) = (await net.api("GET", "/api/agents/support/clients")).json()
    await net.api("PUT", f"/api/agents/support/clients/{client['id']}/block", {"blocked": True})

    assert "echo and now?" not in await ask("and now?")


@GROUPS
async def test_the_agent_is_told_who_wrote_each_message(
    tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent, channel: str
) -> None:
    async with Net(tmp_path, clock, agents=agent) as net:
        await net.connect_all()
        await net.policy("require_email")
        people = [net.stranger(channel, name) for name in ("Zoe", "Yan")]
        for one, email in zip(people, (EMAIL, "yan@example.org"), strict=True):
            await one.verifies(email)
        simulator: Any = net.simulators[channel]
        phones = [one.phone for one in people]
        where = {"chat": await simulator.group("Team", *phones)} if channel == "telegram" else {"channel": "team"}

        for phone in phones:
            await phone.mentions("status?", **where)
            await net.settle()

    written = [(one.name, one.email) for turn in agent.turns for one in turn.messages]
    assert written == [("Zoe", EMAIL), ("Yan", "yan@example.org")]
    assert [(turn.group, turn.sender_name, turn.verified_email) for turn in agent.turns] == [(True, "", None)] * 2


async def test_in_a_direct_chat_it_is_told_once(
    tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent, channel: str
) -> None:
    async with Net(tmp_path, clock, agents=agent) as net:
        await net.connect_all()
        await net.policy("require_email")
        zoe = net.stranger(channel, "Zoe")
        await zoe.verifies(EMAIL)

        await zoe.says("hello")

    turn = agent.turns[-1]
    assert (turn.channel, turn.group, turn.sender_name, turn.verified_email) == (channel, False, "Zoe", EMAIL)
    assert [(one.name, one.email) for one in turn.messages] == [("", None)]
