"""Processes over one PostgreSQL database that are killed for good, or paused: others go on in their place, and in time."""

from __future__ import annotations

import asyncio
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.load import points
from tests.load.databases import PostgresOnDisk
from tests.load.report import Faults, faults
from tests.load.siege import Writer, eventually
from tests.load.town import APART, PAUSE, TWINS, Town, town

TAKEN_OVER = 15.0
"""Seconds within which another process answers what one has left."""
UNDISTURBED = 10.0
"""Seconds after which nothing waits any more for a process that is paused in the middle of a transaction."""

NONE = Faults([], [], [])


def now() -> float:
    """Seconds, also where a story has stopped the clock."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


@pytest.fixture
async def apart(tmp_path: Path) -> AsyncIterator[Town]:
    # A path of its own: that of a socket has at most some hundred letters.
    with tempfile.TemporaryDirectory(prefix="pg") as data, PostgresOnDisk(Path(data) / "data") as server:
        async with town(tmp_path, server, APART, people=8) as made:
            yield made


@pytest.fixture
async def twins(tmp_path: Path) -> AsyncIterator[Town]:
    with tempfile.TemporaryDirectory(prefix="pg") as data, PostgresOnDisk(Path(data) / "data") as server:
        async with town(tmp_path, server, TWINS, people=8) as made:
            yield made


async def answered(writer: Writer, text: str, within: float) -> float:
    """Wait until a text is answered; the seconds that it took."""
    began = now()
    await eventually(lambda: text in writer.heard(), within, lambda: f"{text} is answered: {writer.heard()}")
    return now() - began


async def killed_at(town: Town, point: str, writer: Writer, text: str) -> None:
    """Have a person write, and kill for good the process that comes to a point with it."""
    writing = asyncio.create_task(writer.phone.says(text))
    chosen = await town.at(point, town.processes, times=1)
    await chosen.end(signal.SIGKILL)
    await writing


@pytest.mark.timeout(300)
async def test_another_process_takes_over_in_time(twins: Town, capsys: pytest.CaptureFixture[str]) -> None:
    took = {}
    for point, writer in zip((points.ACKNOWLEDGED, points.MID_TURN), twins.writers, strict=False):
        text = f"p{writer.index}n0"
        await killed_at(twins, point, writer, text)
        took[point] = await answered(writer, text, 60)
        for one in twins.processes:
            if one.has_ended():
                await one.start()
        await twins.ready()

    with capsys.disabled():
        print("\nanswered by another process:", *(f"{took[one]:.1f} s {one};" for one in took))  # noqa: T201  figures
    assert all(seconds < TAKEN_OVER for seconds in took.values())
    assert all(faults([f"p{writer.index}n0"], writer.heard()) == NONE for writer in twins.writers[:2])


@pytest.mark.timeout(300)
async def test_a_paused_process_holds_up_no_one_and_sends_nothing_that_was_taken_over(apart: Town) -> None:
    first, *others = apart.writers
    writing = asyncio.create_task(first.phone.says("p0n0"))
    paused = await apart.at(points.CLAIMING, apart.processes, times=1)
    await writing
    until = now() + PAUSE
    await asyncio.sleep(UNDISTURBED)
    for writer in others:
        await writer.phone.says(f"p{writer.index}n0")
        assert await answered(writer, f"p{writer.index}n0", TAKEN_OVER) < TAKEN_OVER
    await asyncio.sleep(max(0, until - now()))
    paused.go_on()
    await answered(first, "p0n0", 60)
    await eventually(lambda: not apart.open_work(), 30, lambda: f"nothing is open: {apart.open_work()}")
    # It would be sent now, if the process that goes on did not see that it has lost its lease.
    await asyncio.sleep(1)

    assert all(faults([f"p{writer.index}n0"], writer.heard()) == NONE for writer in apart.writers)
