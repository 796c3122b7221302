"""Dispatch between processes: Procrastinate's workers on the event loop of each host, and the tables as memory.

A key that a unit wakes gets a job within its transaction; see `store/wakes.py`. What waits for its time has no job, which
would hold up the key: the table says when, and every process looks. A process that is not heard of any more loses its jobs
to the others, and its runs their leases.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import psycopg
from procrastinate import JobContext
from procrastinate.exceptions import ProcrastinateException

from trinity_channels.dispatch.jobs import Jobs
from trinity_channels.dispatch.left_behind import LeftBehind
from trinity_channels.dispatch.local import RETRY
from trinity_channels.dispatch.port import Run, Slots, in_order
from trinity_channels.dispatch.pulse import Pulse
from trinity_channels.dispatch.queue import queue
from trinity_channels.dispatch.share import Share
from trinity_channels.dispatch.timers import Timers
from trinity_channels.lease import Lease, LeaseLost, held
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store, StoreError, Tx, wakes
from trinity_channels.store.presence import Presence

log = get_logger(__name__)

KINDS = ("turn", "deliver")
"""A worker for each: turns that wait for a slot hold up no deliveries."""
_TURNS = f"{wakes.PREFIX}turn"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a host looks after its dispatch, in seconds of real time.

    Attributes:
        heartbeat: between two heartbeats.
        stalled: after which a process that has not been heard of loses its runs to the others.
        look: between two looks for what is due and for runs of processes that have died.
        poll: between two looks for jobs that no notification has told of.
        rest: the same while none waits.
        sweep: between two looks for open work that has no job.
        at_once: jobs of one kind that a process takes at once. Turns wait there for a slot, deliveries for a place: more of
            them than can work, so that one agent or account which is slow does not hold up the others. Beside other
            processes, turns are fewer; see `Share`.
    """

    heartbeat: float = 2.0
    stalled: float = 8.0
    look: float = 3.0
    poll: float = 1.0
    rest: float = 5.0
    sweep: float = 60.0
    at_once: int = 1000


RHYTHM = Rhythm()


class PostgresDispatcher:
    """Runs keys of a PostgreSQL database, which other processes may share."""

    def __init__(
        self,
        store: Store,
        open_keys: Callable[[Tx], set[str]],
        now: Callable[[], datetime],
        rhythm: Rhythm | None = None,
        slots: Slots | None = None,
    ) -> None:
        self._store = store
        self._open_keys = open_keys
        self._now = now
        self._rhythm = rhythm or RHYTHM
        self._timers = Timers(now, self.ring)
        self._slots = slots
        self._running: dict[asyncio.Task[Any], Lease | None] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = True
        self._told: set[str] = set()

    @property
    def waiting(self) -> int:
        """How many keys wait for their time that last ran here."""
        return len(self._timers)

    @property
    def heard(self) -> bool:
        """Whether the others have heard of this process lately: else they have taken over what it works on."""
        return self._pulse.heard

    async def start(self, run: Run) -> None:
        """Begin to work; open work in the tables is woken first. Errors as `Dispatcher.start`."""
        self._run = run
        self._stopping = False
        self._begun = asyncio.Event()  # of this event loop: another start may have another one
        self._timers.clear()
        self._pulse = Pulse(self._rhythm.stalled)
        server = dict(self._store.server or {})
        self._app = queue(server, self._do, self._rhythm.stalled)
        self._app.job_manager = self._jobs = Jobs(self._app.connector, self._pulse, self._rhythm.rest, self._lapse)
        self._presence = Presence(server)
        self._share = Share(self._slots, self._rhythm.poll)
        self._jobs.room = lambda name, here: self._share.room(here) if name == _TURNS else None
        try:
            await self._app.open_async()
            await self._succeed()
        except (psycopg.Error, ProcrastinateException) as error:
            await self._presence.end()
            await self._app.close_async()
            raise StoreError(f"The job queue cannot be used: {str(error.__cause__ or error).strip()}") from error
        lasting = {kind: self._keep_working(kind) for kind in KINDS}
        lasting |= {
            "heartbeat": self._keep_beating(),
            "pulse": self._watch_pulse(),
            "presence": self._keep_present(),
            "clock": self._watch(),
        }
        self._tasks = {name: asyncio.create_task(one, name=f"dispatch-{name}") for name, one in lasting.items()}
        self._timers.run(running=True)
        await self.sweep()

    async def _succeed(self) -> None:
        """Take over what others have left, if none of them works any more."""
        if not await self._presence.begin():
            log.warning("lock of presence not shared", reason="someone has it alone")
        self._left_behind = LeftBehind(
            self._store,
            self._jobs,
            self._pulse,
            self._presence,
            two_beats=2 * self._rhythm.heartbeat,
            stalled=self._rhythm.stalled,
        )
        if await self._left_behind.alone():
            # Nothing waits for an alarm of another process.
            await self._wake(await self._store.read(lambda tx: sorted(self._open_keys(tx), key=in_order)))
            self._on_errand(self._left_behind.look_early())
        else:
            self._share.beside(1)

    async def stop(self, grace: float) -> None:
        """Let runs end for `grace` seconds, then cancel them: their jobs are taken by others, or at the next start."""
        if self._stopping:
            for task in self._running:
                task.cancel()
            return
        self._stopping = True
        self._jobs.taking = False
        self._timers.run(running=False)
        self._tasks["clock"].cancel()  # heartbeats go on: what still runs is not to be taken over
        for worker in self._workers.values():
            worker.cancel()  # it waits for its runs
        if self._running:
            _, late = await asyncio.wait(list(self._running), timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=grace)  # a run that does not let itself be cancelled is left behind
        await self._end(grace)

    async def abandon(self) -> None:
        """Cancel all runs at once, and write nothing down: their jobs stay, as at the end of the process."""
        if self._stopping:
            return
        self._stopping = self._jobs.silent = True
        self._jobs.taking = False
        self._timers.run(running=False)
        for task in [*self._workers.values(), *self._running, self._tasks["clock"]]:
            task.cancel()
        await self._end(1)

    async def _end(self, grace: float) -> None:
        await asyncio.wait([self._tasks[kind] for kind in KINDS], timeout=grace)
        for task in (*self._tasks.values(), *self._errands):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), *self._errands, return_exceptions=True)
        await self._presence.end()
        await self._app.close_async()

    async def _keep_working(self, kind: str) -> None:
        """Have a worker for one kind of keys, and another one whenever it has ended."""
        name = f"{wakes.PREFIX}{kind}"
        while not self._stopping:
            self._workers[kind] = worker = asyncio.create_task(self._work(name), name=f"dispatch-worker-{kind}")
            await asyncio.wait([worker])
            if not (self._stopping or worker.cancelled()):
                error = worker.exception()
                log.warning("worker ended", queue=name, reason=str((error and error.__cause__) or error).strip())
                await asyncio.sleep(self._rhythm.poll)

    async def _work(self, name: str) -> None:
        await self._app.run_worker_async(
            name=wakes.TASK,
            queues=[name],
            concurrency=self._rhythm.at_once,
            fetch_job_polling_interval=self._rhythm.poll,
            # Nothing asks for it, and a look for it would be one more.
            abort_job_polling_interval=86400.0,
            # Heartbeats are ours: Procrastinate ends them with its first fault, and while it waits for runs to end.
            update_heartbeat_interval=86400.0,
            stalled_worker_timeout=self._rhythm.stalled,
            delete_jobs="always",
            install_signal_handlers=False,
        )

    async def _do(self, context: JobContext, key: str) -> None:
        """One job: run its key, unless an earlier one has seen what it was made for."""
        task = asyncio.current_task()
        assert task  # noqa: S101  it is called in one
        task.set_name(key)
        self._running[task] = None
        self._jobs.begins(context.job)
        # Later than its last line: Procrastinate writes down that it has ended.
        task.add_done_callback(self._running.pop)
        self._begun.set()
        try:
            # A job that was cut short has taken its wake already.
            woken = context.job.attempts == 0
            number = await self._store.write(partial(wakes.begin, key=key, woken=woken))
            if number is None:
                return
            lease = Lease(key, number, partial(self._pulse.alive, context.job.worker_id or 0))
            self._running[task] = lease
            with held(lease):
                at = await self._guarded(key)
                if at is not None:
                    await self._store.write(partial(wakes.wait, key=key, number=number, at=at))
            self._timers.wait(key, at)
        except LeaseLost as lost:
            log.warning("run given up", key=key, reason=str(lost))
            raise

    async def _guarded(self, key: str) -> datetime | None:
        try:
            return await self._run(key)
        except StoreError as error:  # as all other work now, and it stays open
            self._warn("run not done", error)
            return self._now() + RETRY
        except Exception as error:  # one broken key must not stop the others; its work stays open
            log.exception("run failed", key=key, error=type(error).__name__)
            return self._now() + RETRY

    async def quiet(self) -> None:
        """Wait until no key is running here, and no job waits that could begin."""
        while True:
            if self._errands or self._running:
                await asyncio.wait([*self._errands, *self._running])
                continue
            if not self._jobs.taking or await self._nothing_begins():
                return
            try:
                async with asyncio.timeout(self._rhythm.poll):
                    await self._begun.wait()
            except TimeoutError:
                continue

    async def _nothing_begins(self) -> bool:
        """Whether no job has begun or can begin: neither of those in the table, nor one that is on its way from there."""
        self._begun.clear()
        before = self._jobs.fetched
        try:
            waits = await self._store.lookup(wakes.may_begin)
        except StoreError:  # then nothing can begin either
            waits = False
        await self._jobs.idle.wait()
        return not (waits or self._jobs.known or self._jobs.fetched != before)

    def pause(self) -> None:
        """Begin no further run until `resume`."""
        self._jobs.taking = False
        self._timers.run(running=False)

    async def resume(self) -> None:
        """Go on after `pause`: with what was woken or came due meanwhile, too."""
        self._jobs.taking = True
        self._timers.run(running=True)
        for kind in KINDS:
            await self._jobs.nudge(f"{wakes.PREFIX}{kind}")
        await self.sweep()

    def fire_due(self) -> None:
        """Wake the keys whose time has come; all of them if the clock was set back, for it may be long until then."""
        _, set_back = self._timers.take_due()
        self._on_errand(self._wake_due(every=set_back))

    def ring(self) -> None:
        """What the alarm does: wake what is due, and set the next alarm."""
        self.fire_due()
        self._timers.set_alarm()

    def _on_errand(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="dispatch-errand")
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _wake_due(self, *, every: bool = False) -> None:
        await self._jobs.settle_again()
        try:
            keys = await self._store.lookup(partial(wakes.due, now=None if every else self._now()))
            await self._wake(keys)
        except StoreError as error:  # the next look may work
            self._warn("due work not woken", error)
        else:
            self._told.clear()

    async def _wake(self, keys: list[str]) -> None:
        for begin in range(0, len(keys), wakes.BATCH):
            await self._store.write(partial(wakes.wake, keys=keys[begin : begin + wakes.BATCH]))

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(self._rhythm.heartbeat)
            try:
                if not await self._jobs.beat():
                    self._lapse()
                await self._jobs.settle_again()
            except Exception as error:  # without heartbeats, the others would take everything over
                log.exception("heartbeat failed", error=type(error).__name__)

    async def _keep_present(self) -> None:
        """Apart from heartbeats, which wait for nothing."""
        while True:
            await asyncio.sleep(self._rhythm.heartbeat)
            with contextlib.suppress(psycopg.Error):  # the next one may work
                self._share.beside(await self._presence.keep())

    async def _watch_pulse(self) -> None:
        """Give up runs as soon as the others may take them over: a heartbeat may wait for the database for longer."""
        while True:
            # A moment later, so that a run which has held up this process itself can still write its answer.
            await asyncio.sleep(max(self._pulse.left, 0) + self._rhythm.heartbeat / 8)
            self._give_up([task for task, lease in self._running.items() if lease and not lease.alive()])

    def _lapse(self) -> None:
        """Give up all runs: the others may have taken them over. New workers begin, for the old ones may be forgotten."""
        self._give_up(list(self._running))
        for worker in self._workers.values():
            worker.cancel()
        self._jobs.unsure = True

    def _give_up(self, runs: list[asyncio.Task[Any]]) -> None:
        """End runs that others may have taken over; one that ends already is not cancelled again."""
        for task in runs:
            if lease := self._running[task]:
                lease.lost = True
        if ending := [task for task in runs if not task.cancelling()]:
            log.warning("heartbeat late, runs given up", runs=len(ending))
        for task in ending:
            task.cancel()

    async def _watch(self) -> None:
        swept = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(self._rhythm.look)
            await self.look()
            if (now := asyncio.get_running_loop().time()) - swept >= self._rhythm.sweep:
                swept = now
                await self.sweep()

    async def look(self) -> None:
        """Wake the keys whose time has come, and take over those of processes that have died."""
        self.fire_due()
        try:
            await self._left_behind.look()
        except (ProcrastinateException, StoreError, psycopg.Error) as error:  # the next look may work
            self._warn("stalled jobs not looked for", error)

    def _warn(self, what: str, error: Exception) -> None:
        """Say once, until something works again, that the database is in trouble."""
        if what not in self._told:
            log.warning(what, reason=str(error.__cause__ or error).strip())
        self._told.add(what)

    async def sweep(self) -> None:
        """Wake the keys that have open work in the tables, except those that run or wait already."""
        self._jobs.unsure = True  # rarely enough to look without a reason
        try:
            # Seldom any: to look first keeps the writing thread free.
            if lost := await self._store.lookup(wakes.lost):
                await self._store.write(partial(wakes.forget_lost, keys=lost))
            keys = await self._store.read(lambda tx: self._open_keys(tx) - wakes.busy(tx))
            await self._wake(sorted(keys, key=in_order))
            await self._wake_due()
        except Exception as error:  # the next sweep may work
            log.exception("sweep failed", error=type(error).__name__)
