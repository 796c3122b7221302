"""A host that has nothing to do lets its process sleep: a thread that is woken costs more than what it looks at."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.transactions import name_of
from tests.world import World
from trinity_channels.dispatch.local import IDLE_TICK
from trinity_channels.periodic import HOUSEKEEPING

MINUTES = 10
MOST_A_MINUTE = 5
"""One sweep for open work, a round of the retention, and what the watch over channels reads."""


@pytest.fixture
async def trips(town: World, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What was handed to a thread, by name: each of these wakes two threads at least. The host's own rounds do not run."""
    await town.host.periodic.end()
    found: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    hand_over = loop.run_in_executor

    def counted(executor: Any, work: Callable[..., Any], *given: Any) -> asyncio.Future[Any]:
        found[name_of(given[0] if given else work)] += 1
        return hand_over(executor, work, *given)

    monkeypatch.setattr(loop, "run_in_executor", counted)
    return found


async def passes(town: World, seconds: float) -> None:
    """Time passes, and the host looks whether there is anything to do as often as it does by itself."""
    for second in range(int(IDLE_TICK), int(seconds) + 1, int(IDLE_TICK)):
        town.clock.tick(timedelta(seconds=IDLE_TICK))
        await town.host.dispatcher.look()
        if second % HOUSEKEEPING == 0:
            await town.host.housekeeping.run()


@pytest.mark.sqlite(
    "PostgreSQL does not tell cheaply whether anything was written, and every question goes to a thread"
)
async def test_an_idle_host_wakes_few_threads(town: World, trips: Counter[str]) -> None:
    await town.person("Zoe").says("hello")
    await passes(town, 120)  # what a start and a message leave to do
    trips.clear()

    await passes(town, MINUTES * 60)

    assert trips.total() <= MINUTES * MOST_A_MINUTE, trips
    assert trips["open_keys"] == MINUTES, (
        "the dispatcher looks for work that nothing has announced, and it does so rarely"
    )


@pytest.mark.usefixtures("trips")
async def test_an_idle_host_writes_nothing(town: World) -> None:
    await town.person("Zoe").says("hello")
    await passes(town, 15 * 60)  # within them the provider is asked, which is done once an hour, and its answer is kept
    before = town.host.store.stamp()

    await passes(town, MINUTES * 60)

    assert town.host.store.stamp() == before
