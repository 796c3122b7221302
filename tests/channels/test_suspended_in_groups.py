"""People whose account on the surrounding application is suspended, where several people write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.application import Accounts
from tests.channels.net import Net, Someone
from tests.world import OWNER, Agent
from trinity_channels.app import Ports
from trinity_channels.principal import Owner

ZOE, YAN = "zoe@example.org", "yan@example.org"
MODES = pytest.mark.parametrize("mode", ["none", "any_verified"])


class Suspending(Net):
    """All messengers, with the directory of an application that can suspend accounts."""

    def __init__(self, folder: Path, clock: FrozenDateTimeFactory, **options: Any) -> None:
        self.accounts = Accounts({"support": Owner(OWNER, OWNER)})
        super().__init__(folder, clock, **options)

    def ports(self) -> Ports:
        return replace(super().ports(), directory=self.accounts)


@pytest.fixture(params=["telegram", "slack"])
def channel(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
async def net(tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent) -> AsyncIterator[Suspending]:
    async with Suspending(tmp_path, clock, agents=agent) as made:
        await made.connect_all()
        for email in (ZOE, YAN):
            await made.shares(email)
        yield made


class Team:
    """A group of the messenger in which people address the agent."""

    def __init__(self, net: Suspending, channel: str, people: tuple[Someone, ...]) -> None:
        self.net, self.channel, self.people = net, channel, people
        self.group: Any = None

    async def meets(self) -> None:
        if self.channel == "telegram":
            simulator: Any = self.net.simulators["telegram"]
            self.group = await simulator.group("Team", *(one.phone for one in self.people))

    async def asks(self, who: Someone, text: str, *, settled: bool = True) -> None:
        where = {"chat": self.group} if self.group else {"channel": "team"}
        await who.phone.mentions(text, **where)
        if settled:
            await self.net.settle()


async def team(net: Suspending, channel: str) -> tuple[Team, Someone, Someone]:
    zoe, yan = net.stranger(channel, "Zoe"), net.stranger(channel, "Yan")
    await zoe.verifies(ZOE)
    await yan.verifies(YAN)
    found = Team(net, channel, (zoe, yan))
    await found.meets()
    return found, zoe, yan


def heard(found: Team) -> list[str]:
    if found.group:
        return [one.text for one in found.group.heard()]
    return [text for one in found.people for text in one.heard()]


@MODES
async def test_a_suspended_person_gets_neither_an_answer_nor_a_hint(
    net: Suspending, channel: str, agent: Agent, mode: str
) -> None:
    await net.api("PUT", "/api/agents/support/access-policy", {"group_auth_mode": mode})
    found, zoe, _ = await team(net, channel)
    await found.asks(zoe, "before")
    before = heard(found)
    assert "echo before" in before

    net.accounts.barred.add(ZOE)
    await found.asks(zoe, "during")
    await found.asks(zoe, "!whoami")
    await net.later(hours=25)

    assert "during" not in str(heard(found))
    assert [one.messages[-1].text for one in agent.turns] == ["before"]
    assert heard(found)[: len(before)] == before

    net.accounts.barred.clear()
    await found.asks(zoe, "after")
    assert "echo after" in heard(found)
    assert "during" not in str([one.text for turn in agent.turns for one in turn.history])


@MODES
async def test_the_others_are_answered_and_the_agent_is_not_told_what_was_dropped(
    net: Suspending, channel: str, agent: Agent, mode: str
) -> None:
    await net.api("PUT", "/api/agents/support/access-policy", {"group_auth_mode": mode})
    found, zoe, yan = await team(net, channel)
    net.accounts.barred.add(ZOE)
    agent.thinks()
    await found.asks(yan, "first", settled=False)
    await agent.asked(1)

    await found.asks(zoe, "from Zoe", settled=False)
    await found.asks(yan, "from Yan", settled=False)
    agent.speaks()
    await net.settle()

    assert [[one.text for one in turn.messages] for turn in agent.turns] == [["first"], ["from Yan"]]
    assert "from Zoe" not in str(agent.turns[-1].history)
    assert not any("from Zoe" in text for text in heard(found))


async def test_a_suspended_person_of_a_slack_workspace_is_known_without_signing_in(
    tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent
) -> None:
    async with Suspending(tmp_path, clock, agents=agent) as net:
        await net.connect_all()
        await net.shares(ZOE)
        net.accounts.barred.add(ZOE)
        zoe = Someone(net, "slack", "Zoe", email=ZOE)

        await Team(net, "slack", (zoe,)).asks(zoe, "status?")

        assert zoe.heard() == []
        assert agent.turns == []
