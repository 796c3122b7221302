"""One host that is started, stopped and started again, as the lifespan of an application may run more than once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.application import Accounts, Town
from tests.pages.browsing import listening
from tests.pages.clients import OWN
from tests.world import ADMIN, Agent, World
from trinity_channels.api import Fault
from trinity_channels.principal import Owner


@pytest.fixture
async def mounted(tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent) -> AsyncIterator[Town]:
    accounts = Accounts({"support": Owner("7", "ada@example.org")})
    async with Town(tmp_path, clock, accounts, agents=agent) as town:
        await town.connect()
        await town.policy("open")
        yield town


async def again(world: World) -> None:
    """The same host stops, and starts again."""
    await world.host.stop()
    await world.host.start()
    await world.host.periodic.caught_up()
    await world.settle()


async def test_it_answers_each_time(world: World) -> None:
    await world.policy("open")
    zoe = world.person("Zoe")

    for number in range(3):
        await zoe.says(f"hello {number}")
        assert zoe.last() == f"echo hello {number}"
        await again(world)


async def test_an_application_that_opens_it_again_has_it_again(mounted: Town) -> None:
    zoe = mounted.person("Zoe")

    for number in range(3):
        await zoe.says(f"hello {number}")
        assert zoe.last() == f"echo hello {number}"
        await again(mounted)


async def test_it_answers_each_time_within_the_lifespan_of_an_application(
    tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent
) -> None:
    town = Town(tmp_path, clock, Accounts({"support": Owner("7", "ada@example.org")}), agents=agent)
    zoe = town.person("Zoe")

    for number in range(3):
        async with town.app.router.lifespan_context(town.app):
            if not number:
                await town.connect()
                await town.policy("open")
            await zoe.says(f"hello {number}")
            assert zoe.last().endswith(f"echo hello {number}")


async def test_it_answers_what_came_while_it_stopped(mounted: Town, agent: Agent) -> None:
    zoe = mounted.person("Zoe")
    mounted.driver.pause()
    await zoe.phone.says("hello?")

    await again(mounted)

    assert zoe.last() == "echo hello?"
    assert len(agent.turns) == 1


async def test_a_run_that_the_stop_cut_off_is_answered(
    mounted: Town, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trinity_channels.host.GRACE", 0.01)
    zoe = mounted.person("Zoe")
    agent.thinks()
    await zoe.phone.says("hello?")
    await agent.asked(1)
    await mounted.host.stop()

    agent.speaks()
    await mounted.host.start()
    await mounted.later(minutes=2)

    assert zoe.last() == "echo hello?"


async def test_what_waited_for_its_time_is_found(mounted: Town) -> None:
    zoe = mounted.person("Zoe")
    mounted.fails(Fault.RATE_LIMITED)
    await zoe.says("hello?")
    assert mounted.driver.counts().conversations_waiting

    await again(mounted)
    await mounted.later(minutes=2)

    assert zoe.last() == "echo hello?"
    assert not mounted.driver.counts().conversations_waiting


async def test_its_pages_keep_themselves_up_to_date(world: World) -> None:
    async with listening(world) as url, httpx.AsyncClient(base_url=url, timeout=10) as client:
        await client.post("/signin/token", data={"token": ADMIN}, headers=OWN)
        statuses = []
        for _ in range(3):
            async with client.stream("GET", "/live/agents") as stream:
                statuses.append(stream.status_code)
                assert (await anext(stream.aiter_lines())).startswith("id: ")
            await again(world)

    assert statuses == [200, 200, 200]


def test_it_may_run_in_one_event_loop_after_the_other(tmp_path: Path, clock: FrozenDateTimeFactory) -> None:
    agent = Agent()
    heard: list[str] = []
    working: list[int] = []
    town = Town(tmp_path, clock, Accounts({"support": Owner("7", "ada@example.org")}), agents=agent)
    zoe = town.person("Zoe")

    async def life(number: int) -> None:
        await town.host.start()
        await town.host.periodic.caught_up()
        if not number:
            await town.connect()
            await town.policy("open")
        await zoe.says(f"hello {number}")
        heard.append(zoe.last().split("\n")[-1])
        working.append(sum(not one.done() for one in asyncio.all_tasks() if one.get_name() == "housekeeping"))
        await town.host.stop()

    for number in range(3):
        asyncio.run(life(number))

    assert heard == ["echo hello 0", "echo hello 1", "echo hello 2"]
    assert working == [1, 1, 1]
