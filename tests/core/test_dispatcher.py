"""The dispatcher's contract: never two runs of one key at once, and every committed wake is followed by a run."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

import pytest
from freezegun.api import FrozenDateTimeFactory

from trinity_channels.dispatch import LocalDispatcher
from trinity_channels.store import Store

T = TypeVar("T")


class Work:
    """Tables and runs in one: what is open, what was run, and how."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.commits = 0
        self.looks = 0
        self.runs: list[str] = []
        self.at_once: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.later: dict[str, datetime] = {}
        self.faults: list[BaseException] = []
        self.go = asyncio.Event()
        self.go.set()
        self.wake: Callable[[str], None]

    def on_wake(self, listener: Callable[[str], None]) -> None:
        """The store's way to say that a wake is committed."""
        self.wake = listener

    async def read(self, unit: Callable[[Any], T]) -> T:
        """The store's way to look for open work."""
        self.looks += 1
        return unit(None)

    def stamp(self) -> int:
        """The store's way to say whether anything was written."""
        return self.commits

    async def run(self, key: str) -> datetime | None:
        """Count a run, wait until it may end, and do what the test has planned for it."""
        self.runs.append(key)
        kind = key.partition(":")[0]
        for scope in (key, kind):
            self.at_once[scope] += 1
            self.most[scope] = max(self.most[scope], self.at_once[scope])
        try:
            await self.go.wait()
            if self.faults:
                raise self.faults.pop(0)
        finally:
            self.at_once.subtract((key, kind))
        self.open.discard(key)
        return self.later.pop(key, None)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
async def dispatcher(work: Work, clock: FrozenDateTimeFactory) -> AsyncIterator[LocalDispatcher]:
    assert clock
    made = LocalDispatcher(cast("Store", work), lambda _: set(work.open), lambda: datetime.now(UTC))
    await made.start(work.run)
    yield made
    work.go.set()
    await made.stop(1)


def wake(work: Work, *keys: str) -> None:
    for key in keys:
        work.wake(key)


async def breath() -> None:
    """Let everything that can run now run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_wake_is_followed_by_a_run(dispatcher: LocalDispatcher, work: Work) -> None:
    wake(work, "turn:1")
    await dispatcher.quiet()

    assert work.runs == ["turn:1"]


async def test_a_key_never_runs_twice_at_once_and_a_wake_during_a_run_leads_to_another(
    dispatcher: LocalDispatcher, work: Work
) -> None:
    work.go.clear()
    wake(work, "turn:1")
    await breath()
    wake(work, *["turn:1"] * 5)
    await breath()
    assert work.runs == ["turn:1"]

    work.go.set()
    await dispatcher.quiet()

    assert work.runs == ["turn:1", "turn:1"]
    assert work.most["turn:1"] == 1


@pytest.mark.usefixtures("dispatcher")
async def test_keys_run_beside_each_other(work: Work) -> None:
    work.go.clear()
    wake(work, *(f"turn:{number}" for number in range(10)), "deliver:1")
    await breath()

    assert work.most["turn"] == 10
    assert work.most["deliver"] == 1


async def test_a_run_that_wants_to_come_back_comes_back_then(
    dispatcher: LocalDispatcher, work: Work, clock: FrozenDateTimeFactory
) -> None:
    work.later["turn:1"] = datetime.now(UTC) + timedelta(minutes=5)
    wake(work, "turn:1")
    await dispatcher.quiet()

    clock.tick(timedelta(minutes=4))
    dispatcher.fire_due()
    await dispatcher.quiet()
    assert work.runs == ["turn:1"]

    clock.tick(timedelta(minutes=1))
    dispatcher.fire_due()
    await dispatcher.quiet()
    assert work.runs == ["turn:1", "turn:1"]


async def test_an_earlier_time_wins_over_a_later_one(
    dispatcher: LocalDispatcher, work: Work, clock: FrozenDateTimeFactory
) -> None:
    for minutes in (10, 1):
        work.later["turn:1"] = datetime.now(UTC) + timedelta(minutes=minutes)
        wake(work, "turn:1")
        await dispatcher.quiet()

    clock.tick(timedelta(minutes=2))
    dispatcher.fire_due()
    await dispatcher.quiet()

    assert len(work.runs) == 3


async def test_the_latest_run_says_when_to_come_back(
    dispatcher: LocalDispatcher, work: Work, clock: FrozenDateTimeFactory
) -> None:
    """As while messages keep coming: each of them postpones the end of the burst."""
    for minutes in (1, 10):
        work.later["turn:1"] = datetime.now(UTC) + timedelta(minutes=minutes)
        wake(work, "turn:1")
        await dispatcher.quiet()

    clock.tick(timedelta(minutes=2))
    dispatcher.fire_due()
    await dispatcher.quiet()
    assert len(work.runs) == 2

    clock.tick(timedelta(minutes=8))
    dispatcher.fire_due()
    await dispatcher.quiet()
    assert len(work.runs) == 3


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
    wake(work, "turn:1")

    async with asyncio.timeout(5):
        await second.wait()

    await made.stop(1)
    assert work.runs == ["turn:1"] * 2


async def test_an_alarm_that_comes_too_early_runs_nothing(
    dispatcher: LocalDispatcher, work: Work, clock: FrozenDateTimeFactory
) -> None:
    """The clock stands still here, so every alarm is too early."""
    work.later["turn:1"] = datetime.now(UTC) + timedelta(milliseconds=2)
    wake(work, "turn:1")
    await dispatcher.quiet()
    for _ in range(3):
        dispatcher.ring()
    assert work.runs == ["turn:1"]

    clock.tick(timedelta(milliseconds=2))
    dispatcher.ring()
    await dispatcher.quiet()

    assert work.runs == ["turn:1"] * 2


async def test_a_run_that_raises_is_tried_again_and_stops_no_other(
    dispatcher: LocalDispatcher, work: Work, clock: FrozenDateTimeFactory
) -> None:
    work.faults = [RuntimeError("database on fire")]
    wake(work, "turn:1", "turn:2")
    await dispatcher.quiet()
    assert sorted(work.runs) == ["turn:1", "turn:2"]

    clock.tick(timedelta(seconds=6))
    dispatcher.fire_due()
    await dispatcher.quiet()

    assert sorted(work.runs) == ["turn:1", "turn:1", "turn:2"]


async def test_what_another_process_has_left_is_found(dispatcher: LocalDispatcher, work: Work) -> None:
    work.open = {"turn:7"}

    await dispatcher.sweep()
    await dispatcher.quiet()

    assert work.runs == ["turn:7"]


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


async def test_it_is_found_also_when_the_key_once_had_to_wait_and_no_longer_does(
    dispatcher: LocalDispatcher, work: Work
) -> None:
    work.later = {"turn:7": datetime.now(UTC) + timedelta(hours=1)}
    for _ in range(2):
        wake(work, "turn:7")
        await dispatcher.quiet()
    work.open = {"turn:7"}

    await dispatcher.sweep()
    await dispatcher.quiet()

    assert work.runs == ["turn:7"] * 3


async def test_what_is_open_at_the_start_is_run_in_order(work: Work) -> None:
    work.open = {"turn:10", "turn:9", "deliver:11"}
    made = LocalDispatcher(cast("Store", work), lambda _: set(work.open), lambda: datetime.now(UTC))

    await made.start(work.run)
    await made.quiet()
    await made.stop(1)

    assert work.runs[:1] == ["deliver:11"]
    assert [key for key in work.runs if key.startswith("turn")] == ["turn:9", "turn:10"]


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


async def test_stopping_lets_runs_end_and_starts_no_more(dispatcher: LocalDispatcher, work: Work) -> None:
    work.go.clear()
    wake(work, "turn:1")
    await breath()
    wake(work, "turn:1")
    stopping = asyncio.create_task(dispatcher.stop(5))
    await breath()
    wake(work, "turn:2")
    work.go.set()
    await stopping

    assert work.runs == ["turn:1"]


async def test_what_does_not_end_in_time_is_cancelled(dispatcher: LocalDispatcher, work: Work) -> None:
    work.go.clear()
    wake(work, "turn:1")
    await breath()

    await dispatcher.stop(0.01)

    assert work.at_once["turn:1"] == 0


async def test_a_run_that_cannot_be_cancelled_does_not_hold_up_the_end(work: Work) -> None:
    async def stubborn(key: str) -> None:
        work.runs.append(key)
        while not work.go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await work.go.wait()

    work.go.clear()
    dispatcher = LocalDispatcher(cast("Store", work), lambda _: set(), lambda: datetime.now(UTC))
    await dispatcher.start(stubborn)
    wake(work, "turn:1")
    await breath()

    async with asyncio.timeout(5):
        await dispatcher.stop(0.01)

    assert work.runs == ["turn:1"]
    work.go.set()
    await dispatcher.quiet()


async def test_one_that_starts_again_looks_at_all_that_is_open(dispatcher: LocalDispatcher, work: Work) -> None:
    work.later["turn:1"] = datetime.now(UTC) + timedelta(hours=1)
    wake(work, "turn:1")
    await dispatcher.quiet()
    await dispatcher.stop(1)
    work.open.add("turn:1")  # by what came, or by another process, before it started again

    await dispatcher.start(work.run)
    await dispatcher.quiet()

    assert work.runs == ["turn:1"] * 2
    assert not dispatcher.waiting
