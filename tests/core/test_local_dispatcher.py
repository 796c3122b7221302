"""The dispatcher within a process: when it looks at the clock and at the tables."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.dispatching import Work
from trinity_channels.dispatch import LocalDispatcher
from trinity_channels.store import Store


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
async def dispatcher(work: Work, clock: FrozenDateTimeFactory) -> AsyncIterator[LocalDispatcher]:
    assert clock
    made = work.local()
    await made.start(work.run)
    yield made
    work.go.set()
    await made.stop(1)


async def test_one_that_starts_again_looks_also_at_what_waited_for_its_time(
    dispatcher: LocalDispatcher, work: Work
) -> None:
    work.later["turn:1"] = datetime.now(UTC) + timedelta(hours=1)
    await work.wake("turn:1")
    await dispatcher.quiet()
    await dispatcher.stop(1)
    work.open.add("turn:1")  # by what came, or by another process, before it started again

    await dispatcher.start(work.run)
    await dispatcher.quiet()

    assert work.runs == ["turn:1"] * 2
    assert not dispatcher.waiting


async def test_a_timer_rings_by_itself_and_does_not_wait_for_the_next_look_at_the_clock(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    for look in ("TICK", "IDLE_TICK"):
        monkeypatch.setattr(f"trinity_channels.dispatch.local.{look}", 3600)
    loop = asyncio.get_running_loop()
    second = asyncio.Event()

    def now() -> datetime:
        return datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=loop.time())

    async def run(key: str) -> datetime | None:
        work.runs.append(key)
        if len(work.runs) > 1:
            second.set()
            return None
        return now() + timedelta(milliseconds=20)

    made = LocalDispatcher(cast("Store", work), lambda _: set(), now)
    await made.start(run)
    await work.wake("turn:1")

    async with asyncio.timeout(5):
        await second.wait()

    await made.stop(1)
    assert work.runs == ["turn:1"] * 2


async def test_an_alarm_that_comes_too_early_runs_nothing(
    dispatcher: LocalDispatcher, work: Work, clock: FrozenDateTimeFactory
) -> None:
    """The clock stands still here, so every alarm is too early."""
    work.later["turn:1"] = datetime.now(UTC) + timedelta(milliseconds=2)
    await work.wake("turn:1")
    await dispatcher.quiet()
    for _ in range(3):
        dispatcher.ring()
    assert work.runs == ["turn:1"]

    clock.tick(timedelta(milliseconds=2))
    dispatcher.ring()
    await dispatcher.quiet()

    assert work.runs == ["turn:1"] * 2


async def test_it_is_looked_for_when_something_was_written(
    dispatcher: LocalDispatcher, work: Work, clock: FrozenDateTimeFactory
) -> None:
    work.open = {"turn:7"}
    work.commits += 1
    clock.tick(timedelta(seconds=5))

    await dispatcher.look()
    await dispatcher.quiet()

    assert work.runs == ["turn:7"]


@pytest.mark.parametrize("direction", [1, -1])
async def test_while_nothing_is_written_it_is_looked_for_once_a_minute(
    dispatcher: LocalDispatcher, work: Work, clock: FrozenDateTimeFactory, direction: int
) -> None:
    work.looks = 0

    for _ in range(24):  # two minutes
        clock.tick(direction * timedelta(seconds=5))
        await dispatcher.look()

    assert work.looks == 2


async def test_a_failing_sweep_is_survived(
    dispatcher: LocalDispatcher, work: Work, clock: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_: object) -> None:
        raise OSError("disk")

    with monkeypatch.context() as broken:
        broken.setattr(work, "read", fails)
        await dispatcher.sweep()
    work.open = {"turn:1"}
    clock.tick(timedelta(seconds=5))
    await dispatcher.look()
    await dispatcher.quiet()

    assert work.runs == ["turn:1"]
