"""What stays of people on every messenger: what they wrote in vain, and when they were erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import CHANNELS, Net, Someone
from tests.world import Agent

WORDS = "the vault code is under the mat"


@pytest.fixture
def terse() -> Agent:
    """An agent that repeats nothing."""
    return Agent(*["fine"] * 20)


@pytest.fixture
async def net(tmp_path: Path, clock: FrozenDateTimeFactory, terse: Agent) -> AsyncIterator[Net]:
    async with Net(tmp_path, clock, agents=terse) as made:
        await made.connect_all()
        await made.policy("require_email")
        yield made


async def verified(net: Net, name: str) -> Someone:
    person = net.stranger("telegram", name)
    await person.verifies(f"{name.lower()}@example.org")
    return person


async def client(net: Net, name: str) -> str:
    """The address of someone in the API."""
    clients = (await net.api("GET", "/api/agents/support/clients")).json()
    return f"/api/agents/support/clients/{next(one['id'] for one in clients if one['display_name'] == name)}"


async def erase(net: Net, name: str) -> None:
    assert (await net.api("DELETE", await client(net, name))).status_code == 200


def stored(net: Net) -> str:
    return net.everything()


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


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_block_outlives_its_person(net: Net, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    await zoe.says("hello")
    await net.api("PUT", f"{await client(net, 'Zoe')}/block", {"blocked": True})
    await erase(net, "Zoe")
    heard = zoe.heard()

    await zoe.says(WORDS)

    clients = (await net.api("GET", "/api/agents/support/clients")).json()
    assert [(one["channel"], one["blocked"]) for one in clients] == [(channel, True)]
    assert zoe.heard() == heard
    assert WORDS not in stored(net)


@pytest.mark.parametrize("channel", ["telegram", "slack"])
async def test_what_may_not_be_answered_in_a_group_is_not_kept(net: Net, channel: str) -> None:
    simulator: Any = net.simulators[channel]
    zoe = net.stranger(channel, "Zoe")
    where = {"chat": await simulator.group("Team", zoe.phone)} if channel == "telegram" else {"channel": "team"}

    await zoe.phone.mentions(WORDS, **where)
    await net.settle()

    assert "trinity_channels_message (" in stored(net)
    assert WORDS not in stored(net)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_what_waits_when_a_channel_is_disconnected_is_not_kept(net: Net, terse: Agent, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    await zoe.verifies("zoe@example.org")
    terse.thinks()
    await zoe.phone.says("first")
    await terse.asked(1)
    await zoe.phone.says(WORDS)
    await net.api("DELETE", f"/api/agents/support/{channel}")

    terse.speaks()
    await net.settle()

    assert WORDS not in stored(net)


async def test_what_the_provider_told_of_someone_who_is_erased_while_they_wait_for_a_slot_is_not_kept(
    tmp_path: Path, clock: FrozenDateTimeFactory, terse: Agent
) -> None:
    async with Net(tmp_path, clock, agents=terse, trinity_channels_max_concurrent_turns=1) as net:
        await net.connect_all()
        await net.policy("open")
        yan, zoe = net.stranger("telegram", "Yan"), Someone(net, "slack", "Zoe", email="zoe@example.org")
        terse.thinks()
        await yan.phone.says("hello")
        await terse.asked(1)
        await zoe.phone.says(WORDS)
        await net.until(lambda: net.driver.counts().turns_waiting > 0)
        clients = (await net.api("GET", "/api/agents/support/clients")).json()
        erased = next(one["id"] for one in clients if one["channel"] == "slack")
        assert (await net.api("DELETE", f"/api/agents/support/clients/{erased}")).status_code == 200
        terse.speaks()
        await net.settle()

        assert len(terse.turns) == 1
        assert [said for said in (WORDS, "zoe@example.org", "Zoe") if said in stored(net)] == []
