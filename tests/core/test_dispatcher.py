"""The dispatcher's contract: never two runs of one key at once, and every committed wake is followed by a run."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.dispatching import Work
from trinity_channels.dispatch import Dispatcher
from trinity_channels.dispatch.postgres import PostgresDispatcher, Rhythm
from trinity_channels.store.postgres import PostgresStore

CALM = Rhythm(look=3600, sweep=3600, poll=0.2)
"""What is looked for periodically is looked for when a test says so."""


@pytest.fixture(params=["local", "postgres"])
async def work(request: pytest.FixtureRequest, clock: FrozenDateTimeFactory) -> AsyncIterator[Work]:
    assert clock
    if request.param == "local":
        yield Work()
        return
    from tests import postgres  # noqa: PLC0415  a module that has it is marked as one that needs a server

    store = PostgresStore(postgres.database("of_dispatch"))
    store.open()
    yield Work(store)
    await store.close()
    postgres.drop()


@pytest.fixture
async def dispatcher(work: Work) -> AsyncIterator[Dispatcher]:
    made: Dispatcher = (
        PostgresDispatcher(work.store, work.open_keys, lambda: datetime.now(UTC), CALM) if work.store else work.local()
    )
    await made.start(work.run)
    yield made
    work.go.set()
    await made.stop(1)


async def test_a_wake_is_followed_by_a_run(dispatcher: Dispatcher, work: Work) -> None:
    await work.wake("turn:1")
    await dispatcher.quiet()

    assert work.runs == ["turn:1"]


async def test_a_key_never_runs_twice_at_once_and_a_wake_during_a_run_leads_to_another(
    dispatcher: Dispatcher, work: Work
) -> None:
    work.go.clear()
    await work.wake("turn:1")
    await work.begun()
    await work.wake(*["turn:1"] * 5)
    await work.begun()
    assert work.runs == ["turn:1"]

    work.go.set()
    await dispatcher.quiet()

    assert work.runs == ["turn:1", "turn:1"]
    assert work.most["turn:1"] == 1


@pytest.mark.usefixtures("dispatcher")
async def test_keys_run_beside_each_other(work: Work) -> None:
    work.go.clear()
    await work.wake(*(f"turn:{number}" for number in range(10)), "deliver:1")
    await work.begun()

    assert work.most["turn"] == 10
    assert work.most["deliver"] == 1


async def test_a_run_that_wants_to_come_back_comes_back_then(
    dispatcher: Dispatcher, work: Work, clock: FrozenDateTimeFactory
) -> None:
    work.later["turn:1"] = datetime.now(UTC) + timedelta(minutes=5)
    await work.wake("turn:1")
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
    dispatcher: Dispatcher, work: Work, clock: FrozenDateTimeFactory
) -> None:
    for minutes in (10, 1):
        work.later["turn:1"] = datetime.now(UTC) + timedelta(minutes=minutes)
        await work.wake("turn:1")
        await dispatcher.quiet()

    clock.tick(timedelta(minutes=2))
    dispatcher.fire_due()
    await dispatcher.quiet()

    assert len(work.runs) == 3


async def test_the_latest_run_says_when_to_come_back(
    dispatcher: Dispatcher, work: Work, clock: FrozenDateTimeFactory
) -> None:
    """As while messages keep coming: each of them postpones the end of the burst."""
    for minutes in (1, 10):
        work.later["turn:1"] = datetime.now(UTC) + timedelta(minutes=minutes)
        await work.wake("turn:1")
        await dispatcher.quiet()

    clock.tick(timedelta(minutes=2))
    dispatcher.fire_due()
    await dispatcher.quiet()
    assert len(work.runs) == 2

    clock.tick(timedelta(minutes=8))
    dispatcher.fire_due()
    await dispatcher.quiet()
    assert len(work.runs) == 3


async def test_a_run_that_raises_is_tried_again_and_stops_no_other(
    dispatcher: Dispatcher, work: Work, clock: FrozenDateTimeFactory
) -> None:
    work.faults = [RuntimeError("database on fire")]
    await work.wake("turn:1", "turn:2")
    await dispatcher.quiet()
    assert sorted(work.runs) == ["turn:1", "turn:2"]

    clock.tick(timedelta(seconds=6))
    dispatcher.fire_due()
    await dispatcher.quiet()

    assert sorted(work.runs) == ["turn:1", "turn:1", "turn:2"]


async def test_what_another_process_has_left_is_found(dispatcher: Dispatcher, work: Work) -> None:
    work.open = {"turn:7"}

    await dispatcher.sweep()
    await dispatcher.quiet()

    assert work.runs == ["turn:7"]


async def test_it_is_found_also_when_the_key_once_had_to_wait_and_no_longer_does(
    dispatcher: Dispatcher, work: Work
) -> None:
    work.later = {"turn:7": datetime.now(UTC) + timedelta(hours=1)}
    for _ in range(2):
        await work.wake("turn:7")
        await dispatcher.quiet()
    work.open = {"turn:7"}

    await dispatcher.sweep()
    await dispatcher.quiet()

    assert work.runs == ["turn:7"] * 3


async def test_what_is_open_at_the_start_is_run_in_order(dispatcher: Dispatcher, work: Work) -> None:
    await dispatcher.stop(1)
    work.open = {"turn:10", "turn:9", "deliver:11"}

    await dispatcher.start(work.run)
    await dispatcher.quiet()

    assert min(work.runs) == "deliver:11"
    assert [key for key in work.runs if key.startswith("turn")] == ["turn:9", "turn:10"]


async def test_stopping_lets_runs_end_and_starts_no_more(dispatcher: Dispatcher, work: Work) -> None:
    work.go.clear()
    await work.wake("turn:1")
    await work.begun()
    await work.wake("turn:1")
    stopping = asyncio.create_task(dispatcher.stop(5))
    await asyncio.sleep(0.01)
    await work.wake("turn:2")
    work.go.set()
    await stopping

    assert work.runs == ["turn:1"]


async def test_what_does_not_end_in_time_is_cancelled(dispatcher: Dispatcher, work: Work) -> None:
    work.go.clear()
    await work.wake("turn:1")
    await work.begun()

    await dispatcher.stop(0.01)

    assert work.at_once["turn:1"] == 0


async def test_a_run_that_cannot_be_cancelled_does_not_hold_up_the_end(dispatcher: Dispatcher, work: Work) -> None:
    async def stubborn(key: str) -> None:
        work.runs.append(key)
        work.at_once[key] += 1
        while not work.go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await work.go.wait()

    await dispatcher.stop(1)
    await dispatcher.start(stubborn)
    work.go.clear()
    await work.wake("turn:1")
    await work.begun()

    async with asyncio.timeout(5):
        await dispatcher.stop(0.01)

    assert work.runs == ["turn:1"]
    work.go.set()


async def test_one_that_starts_again_looks_at_all_that_is_open(dispatcher: Dispatcher, work: Work) -> None:
    await dispatcher.stop(1)
    await work.wake("turn:1")  # not heard by the local one, which finds it in the tables
    work.open.add("turn:1")

    await dispatcher.start(work.run)
    await dispatcher.quiet()

    assert work.runs == ["turn:1"]


async def test_what_was_cut_short_is_run_at_the_next_start(dispatcher: Dispatcher, work: Work) -> None:
    work.open.add("turn:1")
    work.go.clear()
    await work.wake("turn:1")
    await work.begun()
    await dispatcher.stop(0.01)
    work.go.set()

    await dispatcher.start(work.run)
    await dispatcher.quiet()

    assert work.runs == ["turn:1"] * 2
    assert not work.open


@pytest.mark.parametrize("clock_runs", ["on", "back"])
async def test_a_pause_begins_nothing_and_loses_nothing(
    dispatcher: Dispatcher, work: Work, clock: FrozenDateTimeFactory, clock_runs: str
) -> None:
    work.later["turn:2"] = datetime.now(UTC) + timedelta(minutes=1)
    await work.wake("turn:2")
    await dispatcher.quiet()
    dispatcher.pause()
    await work.wake("turn:1")
    clock.tick(timedelta(hours=1 if clock_runs == "on" else -1))
    dispatcher.fire_due()
    await dispatcher.quiet()
    assert work.runs == ["turn:2"]

    await dispatcher.resume()
    dispatcher.fire_due()
    await dispatcher.quiet()

    assert sorted(work.runs) == ["turn:1", "turn:2", "turn:2"]
