"""The clean-up of a large database: in small transactions, and from where it was after a restart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import pairwise
from statistics import median, quantiles
from time import clock_gettime_ns
from typing import Any

import pytest

from tests.world import START, World
from trinity_channels.retention.chore import BATCH, BATCHES
from trinity_channels.store import Store, Tx
from trinity_channels.store.clock import micros
from trinity_channels.store.sqlite import SqliteStore

ROWS = 100_000
_MONOTONIC = 1  # the other clocks stand still
_OLD = "a question that was asked long ago"
_MESSAGES = f"""
    INSERT INTO trinity_channels_message (id, binding_id, conversation_id, contact_id, event_id, origin,
        text, state, at, received_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
    SELECT i, 1, 1, 1, 'old' || i, 'person', '{_OLD}' || i, 'answered',
        {micros(START - timedelta(days=60))} + i, {micros(START - timedelta(days=60))} + i FROM n
"""  # noqa: S608  constants
_DELIVERIES = f"""
    INSERT INTO trinity_channels_delivery (binding_id, conversation_id, message_id, address, text, state,
        attempts, created_at, updated_at)
    SELECT 1, 1, id, 'somewhere', '{_OLD}', 'read', 1, at, at FROM trinity_channels_message
    WHERE event_id LIKE 'old%' AND id % 2 = 1
"""  # noqa: S608  constants
_WITH_TEXT = "SELECT count(*) FROM trinity_channels_message WHERE event_id LIKE 'old%' AND text != ''"


def fill(world: World) -> None:
    """Put old messages into the database, half of them with a delivery."""
    change = partial(world.database.change, world.folder)
    change("DELETE FROM trinity_channels_delivery")
    change("DELETE FROM trinity_channels_message")
    if World.database.store is SqliteStore:
        change("DROP TRIGGER trinity_channels_delivery_begin")  # these have gone their way already
    change(_MESSAGES)
    change(_DELIVERIES)


def with_text(world: World) -> int:
    """How many of them still have their text."""
    return int(world.database.rows(world.folder, _WITH_TEXT)[0][0])


@pytest.fixture
def took(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Milliseconds for which each transaction of the clean-up held up the event loop."""
    found: list[float] = []
    writes = World.database.store.write

    async def timed(store: Store, unit: Callable[[Tx], Any]) -> Any:
        def measured(tx: Tx) -> Any:
            begin = clock_gettime_ns(_MONOTONIC)
            try:
                return unit(tx)
            finally:
                if getattr(unit, "__qualname__", "").startswith("Retention."):
                    found.append((clock_gettime_ns(_MONOTONIC) - begin) / 1e6)

        return await writes(store, measured)

    monkeypatch.setattr(World.database.store, "write", timed)
    return found


async def test_a_hundred_thousand_messages_are_cleared_in_small_transactions(
    town: World, took: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    await town.person("Zoe").says("hello")
    await town.stops()
    fill(town)
    await town.starts()
    left = [with_text(town)]

    while left[-1] and len(left) < 100:
        await town.host.retention.run()
        left.append(with_text(town))
        if len(left) == 4:  # the process ends in the middle of it
            await town.dies()
            await town.starts()

    removed = [before - after for before, after in pairwise(left)]
    assert left[0] > 0
    assert left[-1] == 0
    assert max(removed) <= 3 * BATCH * BATCHES, "a round, and those that the host itself did meanwhile"
    with capsys.disabled():
        spread = quantiles(took, n=100)
        print(  # noqa: T201  a figure for people
            f"\n{ROWS} messages, {ROWS // 2} deliveries: {len(took)} transactions of at most {BATCH} messages, each on the "
            f"event loop for {median(took):.2f} ms (median), {spread[98]:.2f} ms (p99), {max(took):.2f} ms (longest)"
        )
