"""Signing in on every messenger, and commands where several people read along."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net, Someone
from tests.channels.test_one_policy import on
from tests.world import HUMAN, Agent, said
from trinity_channels import texts
from trinity_channels.api import Quoted
from trinity_channels.store import Tx, clients, conversation_state

EMAIL = "zoe@example.org"
QUESTION = "What time do you open?"
GROUPS = pytest.mark.parametrize("channel", ["telegram", "slack"])
FULL_WIDTH = str.maketrans("0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")


@pytest.fixture
async def asking(tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent) -> AsyncIterator[Net]:
    """An agent that talks with everyone who has signed in, on every messenger."""
    async with Net(tmp_path, clock, agents=agent) as net:
        await net.connect_all()
        await net.policy("require_email")
        yield net


async def stored(net: Net) -> str:
    """All that people's messages say in the database."""

    def read(tx: Tx) -> str:
        contacts = clients.page(tx, "support", most=500)
        since = net.now().replace(year=2020)
        found = [one for contact in contacts for one in conversation_state.written_since(tx, contact.id, since)]
        return "\n".join(one.text for one in found)

    return await net.host.store.read(read)


@pytest.mark.parametrize(
    "form", ["{code}", "my code is {a}-{b}.", "\u201c{a} {b}\u201d\nthanks", "!login code: {code}", "wide"]
)
async def test_a_code_confirms_however_it_is_written(asking: Net, agent: Agent, channel: str, form: str) -> None:
    zoe = asking.stranger(channel, "Zoe")
    await zoe.says(QUESTION, f"!login my email is <{EMAIL}>.")
    code = asking.code(EMAIL)

    text = code.translate(FULL_WIDTH) if form == "wide" else form.format(code=code, a=code[:3], b=code[3:])
    await zoe.says(text)

    assert zoe.heard()[-2:] == [texts.VERIFIED.format(email=EMAIL), f"echo {QUESTION}"]
    assert [said(turn) for turn in agent.turns] == [QUESTION]
    assert code not in await stored(asking)


async def test_a_message_during_sign_in_is_not_met_with_silence(asking: Net, channel: str) -> None:
    zoe = asking.stranger(channel, "Zoe")
    await zoe.says(QUESTION, f"!login {EMAIL}")

    await zoe.says("hello?")

    assert zoe.heard()[-1] == on(channel, texts.AWAITING_CODE, email=EMAIL)


async def test_the_way_to_a_person_is_told_on_every_messenger(asking: Net, agent: Agent, channel: str) -> None:
    zoe = asking.stranger(channel, "Zoe")

    await zoe.says("!human")

    assert zoe.heard() == [texts.HUMAN_BY_EMAIL.format(contact=HUMAN)]
    assert agent.turns == []


async def test_a_quoted_code_does_not_reach_the_agent(asking: Net, agent: Agent) -> None:
    zoe = asking.stranger("telegram", "Zoe")
    await zoe.says(f"/login {EMAIL}")
    code = asking.code(EMAIL)
    confirmed = await zoe.phone.writes(f"it is {code}")
    await asking.settle()

    await zoe.phone.replies("did that work?", confirmed)
    await asking.settle()

    assert said(agent.turns[-1]) == "did that work?"
    assert [part.text for one in agent.turns[-1].messages for part in one.parts if isinstance(part, Quoted)] == [
        "it is [code]"
    ]


class Group:
    """A person in a group with the agent."""

    def __init__(self, net: Net, channel: str, zoe: Someone) -> None:
        self.net = net
        self.channel = channel
        self.zoe = zoe
        self.before = 0
        self.chat: Any = None

    async def open(self) -> Group:
        simulator: Any = self.net.simulators[self.channel]
        self.chat = await simulator.group("Team", self.zoe.phone) if self.channel == "telegram" else "team"
        self.before = len(self.zoe.heard())
        return self

    async def addresses(self, text: str) -> None:
        """Write to the agent: with its name in the command on Telegram, behind its name elsewhere."""
        if self.channel == "slack":
            await self.zoe.phone.mentions(text, channel=self.chat)
        elif text.startswith("/"):
            command, _, rest = text.partition(" ")
            await self.zoe.phone.writes(f"{command}{self.zoe.phone.bot.mention} {rest}".strip(), chat=self.chat)
        else:
            await self.zoe.phone.mentions(text, self.chat)
        await self.net.settle()

    def heard(self) -> list[str]:
        """What the agent said in the group."""
        everything = self.chat.heard() if self.channel == "telegram" else self.zoe.phone.heard()[self.before :]
        return [one.text for one in everything]


@pytest.fixture
async def group(asking: Net, channel: str) -> Group:
    """Zoe, signed in, in a group with the agent."""
    zoe = asking.stranger(channel, "Zoe")
    await zoe.verifies(EMAIL)
    return await Group(asking, channel, zoe).open()


@GROUPS
@pytest.mark.parametrize(
    "text",
    [
        *("/login zoe@example.org", "/login 482913", "/logout", "/whoami", "/help", "/human"),
        *("!logout", "!whoami", "STOP", "stop.", "Help"),
    ],
)
async def test_a_command_in_a_group_is_pointed_to_the_direct_chat(group: Group, agent: Agent, text: str) -> None:
    await group.addresses(text)

    assert group.heard() == [texts.GROUP_COMMAND]
    assert agent.turns == []
    assert "482913" not in await stored(group.net)


@GROUPS
async def test_a_command_in_a_group_changes_nothing(group: Group) -> None:
    await group.addresses("/logout")

    await group.zoe.says("!whoami")

    assert group.zoe.heard()[-1].splitlines()[0] == texts.WHOAMI.format(email=EMAIL)


@GROUPS
async def test_the_direct_chat_is_pointed_to_once_a_minute(group: Group, agent: Agent) -> None:
    for _ in range(3):
        await group.addresses("/whoami")
    await group.net.later(minutes=1)

    await group.addresses("/whoami")

    assert group.heard() == [texts.GROUP_COMMAND] * 2
    assert agent.turns == []


@GROUPS
async def test_a_stranger_is_pointed_there_too(asking: Net, channel: str) -> None:
    group = await Group(asking, channel, asking.stranger(channel, "Yan")).open()

    await group.addresses("/login yan@example.org")

    assert group.heard() == [texts.GROUP_COMMAND]
    assert not asking.mails.mails


@GROUPS
async def test_a_live_code_is_not_discussed_in_a_group(group: Group, agent: Agent) -> None:
    await group.zoe.says("!login other@example.org")
    group.before = len(group.zoe.heard())
    code = group.net.code("other@example.org")

    await group.addresses(f"my code is {code}")
    await group.zoe.says(code)

    assert group.heard()[:1] == [texts.GROUP_COMMAND]
    assert group.zoe.heard()[-1] == texts.VERIFIED.format(email="other@example.org")
    assert agent.turns == []
    assert code not in await stored(group.net)


@GROUPS
async def test_where_groups_are_off_nothing_is_said(group: Group) -> None:
    await group.net.api("PUT", "/api/agents/support/access-policy", {"group_policy": "off"})

    await group.addresses("/whoami")

    assert group.heard() == []


@GROUPS
@pytest.mark.parametrize("text", ["status?", "please stop the press", "my order is 482913"])
async def test_everything_else_in_a_group_is_for_the_agent(group: Group, agent: Agent, text: str) -> None:
    await group.addresses(text)

    assert [said(turn) for turn in agent.turns] == [text]
    assert group.heard() == [f"echo {text}"]
