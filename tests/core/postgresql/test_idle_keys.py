"""Rows of keys without work are removed: never one that something wakes meanwhile, and no lease is given twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

import pytest
from sqlalchemy import text

from tests.dispatching import Work, seen
from tests.dispatching_processes import dispatching, has_run, jobs_of
from trinity_channels.dispatch.idle_keys import PAUSE, IdleKeys
from trinity_channels.lease import Lease, LeaseLost, held
from trinity_channels.store import Store, Tx, settings, wakes
from trinity_channels.store.postgres import PostgresStore

_KEYS = text("SELECT key FROM trinity_channels_wake ORDER BY key")
_MANY = text("INSERT INTO trinity_channels_wake SELECT 'turn:' || one, false, 1 FROM generate_series(1, :count) AS one")


async def keys(store: Store) -> list[str]:
    return await store.read(lambda tx: tx.scalars(_KEYS, str))


async def test_only_keys_without_work_are_removed(work: Work) -> None:
    store = cast("Store", work.store)
    later = datetime.now(UTC) + timedelta(days=1)
    async with dispatching(work) as dispatcher:
        work.later["turn:2"] = later
        await work.wake("turn:1", "turn:2")
        await seen(has_run(work, "turn:1", "turn:2"))
        await dispatcher.quiet()
        work.go.clear()
        await work.wake("turn:3", "deliver:3")
        await work.begun()
        await work.wake("turn:3")

        await IdleKeys(store, lambda: datetime.now(UTC)).run()

        # One that waits for its time, one that runs and was woken, and one that runs.
        assert await keys(store) == ["deliver:3", "turn:2", "turn:3"]
        work.go.set()
        await dispatcher.quiet()

    assert work.runs.count("turn:3") == 2


async def test_what_wakes_a_key_that_is_being_removed_leads_to_a_run(store: PostgresStore, url: str) -> None:
    other = PostgresStore(url)
    other.open(serve=False)
    for number in range(8):
        key = f"turn:{number}"
        await store.write(partial(wakes.begin, key=key, woken=False))

        await asyncio.gather(
            other.write(lambda tx, key=key: tx.wake(key)),  # type: ignore[misc]
            store.write(partial(wakes.remove_idle, keys=[key])),
        )

        assert (key, "todo") in await jobs_of(store)
        assert await other.write(partial(wakes.begin, key=key, woken=True))
    await other.close()


async def test_a_key_that_is_woken_between_the_look_and_the_removal_stays(store: PostgresStore) -> None:
    await store.write(partial(wakes.begin, key="turn:1", woken=False))
    found = await store.lookup(partial(wakes.idle, after=""))
    await store.write(lambda tx: tx.wake("turn:1"))

    assert (found, await store.write(partial(wakes.remove_idle, keys=found))) == (["turn:1"], 0)
    # Its run has begun: only the job says so.
    await store.write(partial(wakes.begin, key="turn:1", woken=True))
    assert await store.write(partial(wakes.remove_idle, keys=found)) == 0


async def test_a_run_that_was_taken_over_stays_fenced_after_its_key_was_removed(store: PostgresStore) -> None:
    begin = partial(wakes.begin, key="turn:1", woken=False)
    paused = await store.write(begin)
    await store.write(begin)
    for again in (False, True):
        await store.write(partial(wakes.remove_idle, keys=["turn:1"]))
        if again:
            assert await store.write(begin) != paused
        with held(Lease("turn:1", paused or 0, lambda: True)), pytest.raises(LeaseLost):
            await store.write(lambda tx: settings.put(tx, "a", "1"))


async def test_many_are_removed_in_batches_and_then_not_looked_at_for_an_hour(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trinity_channels.dispatch.idle_keys.BATCHES", 2)
    monkeypatch.setattr(wakes, "remove_idle", removed := _Counted())
    await store.write(lambda tx: tx.run(_MANY, count=2 * wakes.BATCH + 500))
    at = [datetime(2026, 1, 1, tzinfo=UTC)]
    chore = IdleKeys(store, lambda: at[-1])

    await chore.run()
    assert len(await keys(store)) == 500
    await chore.run()
    assert await keys(store) == []
    await store.write(lambda tx: tx.run(_MANY, count=1))
    for left in (1, 0):
        at.append(at[-1] + PAUSE / 2)
        await chore.run()
        assert len(await keys(store)) == left
    assert removed.sizes == [wakes.BATCH, wakes.BATCH, 500, 1]


class _Counted:
    """Counts how many keys each transaction removes."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self._remove = wakes.remove_idle

    def __call__(self, tx: Tx, keys: list[str]) -> int:
        self.sizes.append(len(keys))
        return self._remove(tx, keys)
