"""Questions that an outage has left behind, where no reply window closes: one sentence for each conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.world import Agent

NO_REPLY_WINDOW = pytest.mark.parametrize("channel", ["telegram", "slack"])
QUESTION = "what is 6 x 7?"
SORRY = (
    f"Sorry, your message of 2 March, 09:00 UTC could not be answered in time: “{QUESTION}” "
    "Please write again if it still matters."
)


@pytest.fixture
def agent() -> Agent:
    return Agent()


@pytest.fixture
async def net(tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent) -> AsyncIterator[Net]:
    async with Net(tmp_path, clock, agents=agent) as made:
        await made.connect_all()
        await made.policy("open")
        yield made


async def left_behind(net: Net, **time: float) -> None:
    """The host ends before it has looked at what was stored, and comes back after some time."""
    await net.dies()
    net.clock.tick(timedelta(**time))
    net.build()
    await net.host.start()
    await net.settle()


@NO_REPLY_WINDOW
async def test_a_person_hears_one_sentence(net: Net, agent: Agent, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    net.driver.pause()
    await zoe.phone.says(QUESTION)

    await left_behind(net, hours=26)

    assert zoe.heard() == [SORRY]
    assert agent.turns == []
    assert len(await net.failed()) == 1


@NO_REPLY_WINDOW
async def test_however_much_they_wrote(net: Net, agent: Agent, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    net.driver.pause()
    for text in (QUESTION, "hello?", "!whoami", "is anybody there?", "!help", "hello??"):
        await zoe.phone.says(text)

    await left_behind(net, hours=26)

    assert len(zoe.heard()) == 1
    assert agent.turns == []


@NO_REPLY_WINDOW
async def test_and_nothing_but_the_answer_if_they_have_written_since(net: Net, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    net.driver.pause()
    await zoe.phone.says(QUESTION)
    net.clock.tick(timedelta(hours=25))
    await zoe.phone.says("hello?")

    await left_behind(net, minutes=1)

    assert zoe.heard() == ["echo hello?"]
    assert len(await net.failed()) == 1


@NO_REPLY_WINDOW
async def test_the_owner_can_have_it_answered_days_later(net: Net, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    net.driver.pause()
    await zoe.phone.says(QUESTION)
    await left_behind(net, hours=26)
    net.clock.tick(timedelta(days=3))
    (parked,) = await net.failed()

    await net.resubmits(parked.id)

    assert zoe.heard() == [SORRY, f"This answers the message of 2 March, 09:00 UTC: “{QUESTION}”\n\necho {QUESTION}"]
    assert await net.failed() == []


async def test_a_group_gets_one_sentence_and_no_hints(net: Net, agent: Agent) -> None:
    zoe, yan = net.stranger("telegram", "Zoe"), net.stranger("telegram", "Yan")
    await net.shares("zoe@example.org")
    await zoe.verifies("zoe@example.org")
    simulator: Any = net.simulators["telegram"]
    group = await simulator.group("Team", zoe.phone, yan.phone)
    heard = len(zoe.heard())
    written = net.now()
    net.driver.pause()
    await zoe.phone.mentions(QUESTION, group)
    await yan.phone.mentions("me too", group)

    await left_behind(net, hours=26)

    assert [one.text for one in group.heard()] == [SORRY.replace("09:00", f"{written:%H:%M}")]
    assert len(zoe.heard()) == heard
    assert agent.turns == []
