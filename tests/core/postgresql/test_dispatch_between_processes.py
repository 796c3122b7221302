"""Dispatch between processes: who runs a key, and what becomes of it when a process dies, is paused or stops."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from psycopg import connect

from tests import postgres
from tests.dispatching import Work, seen
from tests.dispatching_processes import dispatching, has_run, jobs_of, working
from tests.worker_process import QUICK
from trinity_channels.dispatch.postgres import PostgresDispatcher
from trinity_channels.inbound.fair_slots import FairSlots
from trinity_channels.ports import utc_now
from trinity_channels.store import settings, wakes
from trinity_channels.store.postgres import PostgresStore


async def test_processes_share_the_work_and_no_key_runs_twice_at_once(
    store: PostgresStore, url: str, work: Work
) -> None:
    other = PostgresStore(url)
    other.open(serve=False)
    theirs = Work(other)
    running: set[str] = set()

    async def run(mine: Work, key: str) -> None:
        assert key not in running
        running.add(key)
        mine.runs.append(key)
        await asyncio.sleep(0.01)
        running.remove(key)

    work.run = lambda key: run(work, key)  # type: ignore[method-assign]
    theirs.run = lambda key: run(theirs, key)  # type: ignore[method-assign]
    keys = [f"{kind}:{number}" for number in range(30) for kind in ("turn", "deliver")]
    async with dispatching(work), dispatching(theirs):
        for _ in range(3):
            await work.wake(*keys)
            await theirs.wake(*keys)

        async def done() -> bool:
            return await jobs_of(store) == []

        await seen(done)
    await other.close()

    assert set(work.runs) | set(theirs.runs) == set(keys)
    assert work.runs
    assert theirs.runs


@asynccontextmanager
async def with_slots(
    store: PostgresStore, agent: Callable[[int], str], answer: Callable[[int], Awaitable[object]]
) -> AsyncIterator[None]:
    """A process with four slots, for turns of which each is for an agent."""
    slots = FairSlots(4)

    async def run(key: str) -> None:
        number = int(key.partition(":")[2])
        async with slots.slot(agent(number), number):
            await answer(number)

    made = PostgresDispatcher(store, lambda _: set(), utc_now, QUICK, slots)
    await made.start(run)
    yield
    await made.stop(0.01)


async def test_an_agent_that_hangs_keeps_no_other_from_the_slots_of_processes_beside_each_other(
    store: PostgresStore, url: str
) -> None:
    other = PostgresStore(url)
    other.open(serve=False)
    answered = asyncio.Event()

    async def answer(number: int) -> None:
        if number < 100:
            await asyncio.Event().wait()
        answered.set()

    def agent(number: int) -> str:
        return "hangs" if number < 100 else "answers"

    async with with_slots(store, agent, answer), with_slots(other, agent, answer):
        await asyncio.sleep(2 * QUICK.heartbeat)  # they see each other
        await store.write(lambda tx: wakes.wake(tx, [f"turn:{number}" for number in range(60)]))
        await store.write(lambda tx: tx.wake("turn:100"))

        async with asyncio.timeout(10):
            await answered.wait()
    await other.close()


async def test_a_process_that_begins_to_work_gets_turns_that_another_one_waits_with(
    store: PostgresStore, url: str
) -> None:
    other = PostgresStore(url)
    other.open(serve=False)
    ran: Counter[str] = Counter()

    async def answers(name: str) -> str:
        await asyncio.sleep(0.05)
        ran[name] += 1
        return name

    async with with_slots(store, lambda _: "an-agent", lambda _: answers("first")):
        await store.write(lambda tx: wakes.wake(tx, [f"turn:{number}" for number in range(300)]))

        async def begun() -> bool:
            return ran["first"] > 0

        await seen(begun)
        async with with_slots(other, lambda _: "an-agent", lambda _: answers("second")):

            async def done() -> bool:
                return await jobs_of(store) == []

            await seen(done)
    await other.close()

    assert ran.total() == 300
    assert ran["second"] > 75


async def test_what_a_process_ran_that_was_killed_is_taken_over(store: PostgresStore, url: str, work: Work) -> None:
    async with working(url) as process, dispatching(work) as dispatcher:
        dispatcher.pause()  # so that the other one takes it
        await work.wake("deliver:1")
        await process.says("begins deliver:1")
        await dispatcher.resume()
        await work.wake("deliver:1")  # waits behind that run
        process.gets(signal.SIGKILL)
        killed = time.monotonic()

        await seen(has_run(work, "deliver:1"))

        # 1.5 seconds, as the rhythm says, and a look; the machine may be busy.
        assert time.monotonic() - killed < 6
        await dispatcher.quiet()
    assert await jobs_of(store) == []


async def test_a_process_that_was_paused_neither_settles_nor_sends_what_another_has_taken_over(
    store: PostgresStore, url: str, work: Work
) -> None:
    async with working(url) as process, dispatching(work) as dispatcher:
        dispatcher.pause()
        await work.wake("deliver:1")
        await process.says("begins deliver:1")
        await dispatcher.resume()
        process.gets(signal.SIGSTOP)
        await seen(has_run(work, "deliver:1"))
        await dispatcher.quiet()
        process.gets(signal.SIGCONT)

        await process.says("sent-nothing deliver:1")
        assert process.said[-3:] == ["cut deliver:1", "settled-nothing deliver:1", "sent-nothing deliver:1"]
        assert await store.read(lambda tx: settings.get(tx, "deliver:1")) is None
        # It works again.
        dispatcher.pause()
        await work.wake("turn:1")
        await process.says("sent turn:1")
    assert work.runs == ["deliver:1"]


PRESENT = "locktype = 'advisory' AND objid = 1953655415 AND classid = 0"


async def test_a_start_takes_nothing_from_a_process_that_lost_the_connection_by_which_it_is_seen(
    store: PostgresStore, url: str, work: Work
) -> None:
    async with working(url) as process:
        await work.wake("deliver:1")
        await process.says("begins deliver:1")
        postgres.administer(f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE {PRESENT}")  # noqa: S608  constants
        async with dispatching(work) as dispatcher:
            await dispatcher.quiet()

            assert work.runs == []
            assert await jobs_of(store) == [("deliver:1", "doing")]


async def test_a_start_and_heartbeats_do_not_wait_for_one_that_keeps_the_lock_of_those_that_work(
    url: str, work: Work
) -> None:
    with connect(postgres.plain(url), autocommit=True) as other:
        async with asyncio.timeout(10):
            other.execute("SELECT pg_advisory_lock(1953655415)")
            async with dispatching(work) as made:
                await asyncio.sleep(2 * QUICK.stalled)
                assert made.heard
                await work.wake("turn:1")
                await made.quiet()

    assert work.runs == ["turn:1"]


async def test_what_a_stop_cuts_short_is_run_by_another_process_at_once(
    store: PostgresStore, url: str, work: Work
) -> None:
    async with working(url) as process:
        await work.wake("deliver:1", "turn:1")
        await process.says("begins deliver:1")
        await process.says("sent turn:1")
        process.gets(signal.SIGTERM)
        await process.says("ended -")
        await process.ends()

    assert await jobs_of(store) == [("deliver:1", "todo")]
    async with dispatching(work) as dispatcher:
        await seen(has_run(work, "deliver:1"))
        await dispatcher.quiet()
    assert work.runs == ["deliver:1"]
