"""What the parts of a simulator promise to whoever builds one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trinity_channels.api.simulation import Background, Clock


async def test_settle_waits_for_work_that_work_started_and_tells_what_failed() -> None:
    background, done = Background(), []

    async def first() -> None:
        background.start(second())

    async def second() -> None:
        done.append("second")
        raise LookupError("nobody there")

    background.start(first())

    with pytest.raises(LookupError, match="nobody there"):
        await background.settle()
    await background.settle()  # told once
    assert done == ["second"]


def test_a_clock_moves_forward_only() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    clock = Clock(lambda: noon)

    clock.advance(timedelta(hours=25))

    assert (clock(), clock.real()) == (noon + timedelta(hours=25), noon)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(timedelta(seconds=-1))
