"""Two processes beside the platform: each asks it, and one knows of what the other has changed there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.platform.double import TOKEN, URL, Platform
from tests.two_hosts import Pair, within_two_seconds

ZOE = "zoe@example.org"


@pytest.fixture
async def pair(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Pair]:
    platform = Platform(Pair.now)
    made = Pair(tmp_path, clock, trinity_url=URL, trinity_token=TOKEN, configured={})
    made.network.serve({URL: platform.app})
    async with made:
        yield made


async def test_a_share_that_one_process_adds_or_takes_away_counts_in_every_process(pair: Pair) -> None:
    there = pair.other.directory
    assert not await there.may_use("support", ZOE)  # which counts for a minute, on a clock that stands still

    await pair.shares(ZOE)

    async def shared() -> bool:
        return await there.may_use("support", ZOE)

    await within_two_seconds(shared)

    taken = await pair.api("DELETE", f"/api/agents/support/share/{ZOE}")
    assert taken.status_code == 200, taken.text

    async def gone() -> bool:
        return not await there.may_use("support", ZOE)

    await within_two_seconds(gone)
