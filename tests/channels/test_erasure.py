"""What others quoted of somebody in a group goes with them."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net, Someone
from tests.world import Agent

WORDS = "the vault code is under the mat"


@pytest.fixture
async def net(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Net]:
    async with Net(tmp_path, clock, agents=Agent(*["fine"] * 20)) as made:
        await made.connect_all()
        await made.policy("require_email")
        yield made


async def verified(net: Net, name: str) -> Someone:
    person = net.stranger("telegram", name)
    await person.verifies(f"{name.lower()}@example.org")
    return person


async def erase(net: Net, name: str) -> None:
    clients = (await net.api("GET", "/api/agents/support/clients")).json()
    identity = next(one["id"] for one in clients if one["display_name"] == name)
    assert (await net.api("DELETE", f"/api/agents/support/clients/{identity}")).status_code == 200


def stored(net: Net) -> str:
    with sqlite3.connect(net.folder / "trinity_channels.db") as database:
        return "\n".join(database.iterdump())


async def test_an_erased_persons_words_are_taken_out_of_what_others_wrote(net: Net) -> None:
    simulator: Any = net.simulators["telegram"]
    zoe, yan = await verified(net, "Zoe"), await verified(net, "Yan")
    group = await simulator.group("Team", zoe.phone, yan.phone)
    posted = await zoe.phone.mentions(WORDS, group)
    await net.settle()
    await yan.phone.replies(f"{simulator.bot.mention} is that so?", posted)
    await yan.phone.quotes(f"{simulator.bot.mention} where exactly?", posted, "under the mat")
    await net.settle()
    before = stored(net)

    await erase(net, "Zoe")

    after = stored(net)
    assert before.count(WORDS) == 2
    assert before.count("under the mat") == 3
    assert "under the mat" not in after
    assert "Zoe" not in after
    assert "is that so?" in after
    assert "where exactly?" in after


async def test_what_was_quoted_of_others_stays(net: Net) -> None:
    simulator: Any = net.simulators["telegram"]
    zoe, yan, max_ = [await verified(net, name) for name in ("Zoe", "Yan", "Max")]
    group = await simulator.group("Team", zoe.phone, yan.phone, max_.phone)
    await zoe.phone.mentions("hello", group)
    posted = await yan.phone.mentions(WORDS, group)
    await net.settle()
    await max_.phone.replies(f"{simulator.bot.mention} is that so?", posted)
    await net.settle()

    await erase(net, "Zoe")

    assert stored(net).count(WORDS) == 2
