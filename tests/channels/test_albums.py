"""One thing that arrives as several updates is one turn: an album comes piece by piece, and does not say how many."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.world import Agent
from trinity_channels.api import Attachment

CAPTION = "What is this?"
Pieces = list[tuple[str, float]]
"""What is said with each photo, and how many seconds pass after it."""


class Sender:
    """A person who sends photos by Telegram."""

    def __init__(self, net: Net, agent: Agent) -> None:
        self.net = net
        self.agent = agent
        self.phone: Any = net.simulators["telegram"].phone("Zoe")
        self.chat: Any = None

    async def sends(self, pieces: Pieces, album: str = "g") -> None:
        """Send the pieces of an album."""
        for caption, pause in pieces:
            await self.phone.sends("photo", caption=caption, chat=self.chat, album=album)
            await self.passes(pause)

    async def passes(self, seconds: float) -> None:
        """Let so much time pass, and let happen what is due then."""
        await self.net.host.dispatcher.quiet()
        self.net.clock.tick(timedelta(seconds=seconds))
        self.net.host.dispatcher.fire_due()
        await self.net.host.dispatcher.quiet()

    @property
    def turns(self) -> list[list[tuple[str, int]]]:
        """Of each turn the messages, each with its words and the number of its files."""
        return [
            [(one.text, sum(isinstance(part, Attachment) for part in one.parts)) for one in turn.messages]
            for turn in self.agent.turns
        ]


@pytest.fixture(params=[0, 0.4])
async def zoe(request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Sender]:
    """Zoe, whether or not ordinary bursts are gathered."""
    agent = Agent()
    async with Net(tmp_path, clock, agents=agent, trinity_channels_gather_seconds=request.param) as net:
        await net.connect_all()
        await net.policy("open")
        yield Sender(net, agent)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([(CAPTION, 0.05), ("", 0.05), ("", 0.05)], id="three photos 50 ms apart, caption on the first"),
        pytest.param([("", 0.05), ("", 0.05), (CAPTION, 0.05)], id="caption on the last"),
        pytest.param([(CAPTION, 0.9), ("", 0.9), ("", 0.9)], id="a slow connection"),
        pytest.param([(CAPTION, 0.0), ("", 0.0)], id="at the same moment"),
        pytest.param([("", 0.05)] * 10, id="ten without words"),
        pytest.param([(CAPTION, 0.05)], id="one piece, as when the others are unreadable"),
    ],
)
async def test_an_album_is_one_turn(zoe: Sender, pieces: Pieces) -> None:
    await zoe.sends(pieces)
    assert zoe.turns == []

    await zoe.passes(1)

    assert zoe.turns == [[(caption, 1) for caption, _ in pieces]]


async def test_it_is_not_begun_before_a_second_has_passed_without_another_piece(zoe: Sender) -> None:
    await zoe.sends([(CAPTION, 0.7), ("", 0.999)])
    assert zoe.turns == []

    await zoe.passes(0.001)

    assert zoe.turns == [[(CAPTION, 1), ("", 1)]]


async def test_a_question_sent_right_after_an_album_belongs_to_it(zoe: Sender) -> None:
    await zoe.sends([("", 0.05), ("", 0.3)])
    await zoe.phone.says(CAPTION)
    await zoe.passes(1)

    assert zoe.turns == [[("", 1), ("", 1), (CAPTION, 0)]]


async def test_two_albums_in_a_row_are_one_turn(zoe: Sender) -> None:
    await zoe.sends([(CAPTION, 0.05), ("", 0.05)])
    await zoe.sends([("And this?", 0.05), ("", 0.05)], album="h")
    await zoe.passes(1)

    assert zoe.turns == [[(CAPTION, 1), ("", 1), ("And this?", 1), ("", 1)]]


async def test_an_album_that_arrives_while_the_agent_works_is_the_next_turn(zoe: Sender) -> None:
    zoe.agent.thinks()
    await zoe.phone.says("hello")
    zoe.net.clock.tick(timedelta(seconds=0.4))
    zoe.net.host.dispatcher.fire_due()
    await zoe.agent.asked(1)
    for caption in (CAPTION, ""):
        await zoe.phone.sends("photo", caption=caption, album="g")
    zoe.agent.speaks()
    await zoe.passes(1)

    assert zoe.turns == [[("hello", 0)], [(CAPTION, 1), ("", 1)]]


async def test_an_album_in_a_group_is_one_turn(zoe: Sender) -> None:
    """Of an administrator's bot, which is shown every piece; those without its name are not addressed to it."""
    await zoe.net.shares("zoe@example.org")
    await zoe.phone.says("/login zoe@example.org")
    await zoe.passes(1)
    await zoe.phone.says(f"/login {zoe.net.code('zoe@example.org')}")
    await zoe.passes(1)
    zoe.chat = await zoe.net.simulators["telegram"].group("Team", zoe.phone)  # type: ignore[attr-defined]
    name = zoe.phone.bot.mention

    await zoe.sends([(f"{name} {CAPTION}", 0.05), (f"{name} and this?", 0.05)])
    assert zoe.turns == []
    await zoe.passes(1)

    assert zoe.turns == [[(CAPTION, 1), ("and this?", 1)]]


async def test_a_restart_in_the_middle_loses_no_piece(zoe: Sender) -> None:
    await zoe.sends([(CAPTION, 0.05), ("", 0.05)])
    await zoe.net.dies()
    zoe.net.clock.tick(timedelta(seconds=5))
    zoe.net.build()
    await zoe.net.host.start()
    await zoe.net.host.dispatcher.quiet()

    assert zoe.turns == [[(CAPTION, 1), ("", 1)]]
