"""What it costs to follow a run on the platform, and what a process that dies over it comes to."""

from __future__ import annotations

import asyncio

import pytest

from tests.platform.double import Platform
from tests.platform.executions import Plan
from tests.platform.worlds import platform, runs, town, waits
from tests.stalled import Stalled
from tests.transactions import Transactions
from tests.world import Person, World
from trinity_channels.agents.port import AgentTurn
from trinity_channels.agents.trinity import TrinityRuntime

__all__ = ["platform", "town"]


async def followed(town: World, platform: Platform, seconds: float | None = 600) -> Person:
    """Someone who wrote before has asked something that takes long."""
    zoe = town.person("Zoe")
    await zoe.says("before")
    await waits(town, 5)
    runs(platform, Plan(seconds=seconds))
    await zoe.says("hello")
    return zoe


async def test_a_look_costs_one_write(town: World, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    await followed(town, platform)
    counted = Transactions(monkeypatch)
    asked: list[AgentTurn] = []
    run = TrinityRuntime.run

    async def noted(runtime: TrinityRuntime, turn: AgentTurn) -> object:
        asked.append(turn)
        return await run(runtime, turn)

    monkeypatch.setattr(TrinityRuntime, "run", noted)
    await waits(town, 60)

    assert len(asked) > 5
    of_turns = [one for one in counted.writes if not one.startswith(("Retention.", "delete_"))]
    assert of_turns == ["Endings.follow.<locals>.follow"] * len(asked)
    assert {(len(turn.messages), len(turn.history)) for turn in asked} == {(1, 0)}


async def test_what_is_answered_at_last_refers_to_the_question(town: World, platform: Platform) -> None:
    zoe = await followed(town, platform, seconds=3 * 3600)

    await waits(town, 4 * 3600, step=300)

    assert zoe.last().endswith("echo hello")
    assert zoe.last().startswith("This answers the message of 2 March")


@pytest.mark.parametrize("restarts", [1, 5])
async def test_restarts_between_two_looks_park_nothing(town: World, platform: Platform, restarts: int) -> None:
    zoe = await followed(town, platform, seconds=120)
    for _ in range(restarts):
        await waits(town, 10, step=1)
        await town.dies()
        await town.starts()
    await waits(town, 180)

    assert zoe.heard() == ["echo before", "echo hello"]
    assert len(platform.executions) == 2


class Hanging:
    """The platform hangs while it is asked for a run; a look begins whenever the host starts."""

    def __init__(self, town: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.town = town
        self.looks = 0
        monkeypatch.setattr(TrinityRuntime, "_followed", self._hangs)
        monkeypatch.setattr("trinity_channels.host.GRACE", 0.01)

    async def _hangs(self, _: AgentTurn) -> None:
        self.looks += 1
        await asyncio.Event().wait()

    async def begins(self) -> bool:
        """Whether a look begins."""
        before = self.looks
        try:
            await self.town.until(lambda: self.looks > before, patience=3)  # what never begins takes all of it
        except TimeoutError:
            return False
        return True

    async def first(self) -> None:
        self.town.clock.tick(31)
        self.town.driver.fire_due()
        assert await self.begins()

    async def again(self) -> bool:
        self.town.clock.tick(31)
        self.town.build()
        await self.town.host.start()
        return await self.begins()


async def test_a_graceful_stop_during_a_look_counts_for_nothing(
    town: World, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe = await followed(town, platform, seconds=300)
    with monkeypatch.context() as patch:
        hanging = Hanging(town, patch)
        await hanging.first()
        for _ in range(6):
            await town.stops()
            assert await hanging.again()
        await town.stops()
    await town.starts()
    await waits(town, 300)

    assert zoe.last() == "echo hello"


@pytest.mark.parametrize("written", ["before the stop", "after the stop"])
async def test_a_graceful_stop_in_the_moment_when_a_look_begins_counts_for_nothing(
    town: World, platform: Platform, written: str
) -> None:
    zoe = await followed(town, platform, seconds=300)
    for _ in range(4):
        await town.stops()
        town.clock.tick(31)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("trinity_channels.host.GRACE", 0.2)
            disk = Stalled(patched, "Attempts.look", late=written == "after the stop")
            town.build()
            await town.host.start()
            await disk.begins()
            await town.stops()
    await town.starts()
    await waits(town, 300)

    assert zoe.last() == "echo hello"


async def test_a_look_that_kills_the_process_each_time_is_given_up(
    town: World, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    await followed(town, platform, seconds=300)
    with monkeypatch.context() as patch:
        hanging = Hanging(town, patch)
        await hanging.first()
        for _ in range(10):
            await town.dies()
            if not await hanging.again():
                break
    await town.settle()

    assert hanging.looks == 4
    (parked,) = await town.failed()
    assert parked.reason == "the process died in every attempt"
