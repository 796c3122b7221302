"""Of two processes over one database, one holds the connection to Slack; the other takes over when that one dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.test_slack_listens import Laptop
from tests.two_hosts import Pair
from trinity_channels.testing import HostDriver


class Laptops(Pair, Laptop):
    """Two hosts without a public address."""


@pytest.fixture
async def laptops(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Laptops]:
    async with Laptops(tmp_path, clock, public_chat_url=None) as made:
        await made.policy("open")
        await made.listens_to("slack")
        yield made


async def test_the_other_process_takes_the_connection_over(laptops: Laptops) -> None:
    zoe = laptops.stranger("slack", "Zoe")
    await zoe.says("before")
    leader = next(one for one in (laptops.host, laptops.other) if one.store.leads)
    [other] = {laptops.host, laptops.other} - {leader}
    assert not other.store.leads

    await HostDriver(leader).crash()
    await zoe.phone.says("meanwhile")
    async with asyncio.timeout(20):
        while not (other.store.leads and laptops.slack.sockets.count == 1):  # noqa: ASYNC110  PostgreSQL gives the lock
            await asyncio.sleep(0.05)
    laptops.driver = HostDriver(other)
    await laptops.later(minutes=1)

    await laptops.until(lambda: len(zoe.heard()) == 2)
    assert zoe.heard() == ["echo before", "echo meanwhile"]
