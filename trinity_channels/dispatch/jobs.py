"""Procrastinate's jobs, for a worker that outlives its database: what fails is tried again, or found later."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import psycopg
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ProcrastinateException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback, get_channel_for_queues

from trinity_channels.dispatch.calm import Calm
from trinity_channels.dispatch.pulse import Pulse, clock
from trinity_channels.observability.log import get_logger
from trinity_channels.store.wakes import FETCH, NONE_WAITS, PUT_BACK, REMOVE, TASK

log = get_logger(__name__)

_PAUSES = (0.0, 0.05, 0.2)
"""Seconds between the first attempts to write down how a job has ended: connections may have broken since they were used."""
FETCHED = 32
"""Jobs that are fetched at once where there are many: others shall have some, too."""
LISTEN_AGAIN = 1.0
"""Seconds until a connection that listens is made again."""


class Jobs(JobManager):
    """The jobs of one host.

    Attributes:
        taking: whether further jobs are fetched.
        silent: that nothing is written any more, as by a process that has been killed.
        unsure: that a job may be marked as running here which is not: its fetching was not answered, or it was cancelled
            before it began.
        room: how many more of a queue to fetch where so many are here; None: as many as there are.
        known: the jobs that this process works on, and their queues.
        fetched: how many it has taken so far.
        idle: set while it asks for none.
        expelled: called when the database no longer knows a worker of this process.
    """

    def __init__(self, connector: BaseConnector, pulse: Pulse, rest: float, expelled: Callable[[], None]) -> None:
        super().__init__(connector)
        self._calm = Calm(rest)
        self.taking = True
        self.silent = False
        self.unsure = False
        self.room: Callable[[str, int], int | None] = lambda *_: None
        self.known: dict[int, str] = {}
        self._full: set[str] = set()
        self.fetched = 0
        self.idle = asyncio.Event()
        self.idle.set()
        self._fetching = 0
        self._begun: set[int] = set()
        self._astray: set[int] = set()
        self.expelled = expelled
        self._pulse = pulse
        self._callbacks: dict[str, NotificationCallback] = {}
        self._heard: Counter[str] = Counter()
        self._heard_before: dict[int, int] = {}
        self._fetched: dict[int, deque[Job]] = defaultdict(deque)
        self._most: dict[int, int] = defaultdict(lambda: 1)
        self._ending: tuple[list[int], asyncio.Task[None]] | None = None
        self._removing = asyncio.Lock()
        self._unsettled: list[Job] = []
        self._away = False

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Take a job; None also if that failed, for it is tried again soon, and while others may take it over at once."""
        if not (self.taking and self._pulse.alive(worker_id)):
            return None
        fetched = self._fetched[worker_id]
        if not fetched:
            try:
                fetched += await self._fetch(list(queues or ()), worker_id)
            except UniqueViolation:  # another process took an earlier one of the same key at the same moment
                return None
            except ProcrastinateException as error:
                self._unfetched(error)
                if isinstance(error.__cause__, psycopg.errors.ForeignKeyViolation):
                    self.expelled()
        # What was on its way when a pause began waits here for its end.
        return fetched.popleft() if fetched and self.taking else None

    async def _fetch(self, queues: list[str], worker: int) -> list[Job]:
        (queue,) = queues
        heard = self._heard[queue]
        most = min(self._most[worker], self._room_for(queues))
        if not most or self._calm.holds(queue, heard):
            return []
        self._fetching += 1
        self.idle.clear()
        try:
            rows = await self.connector.execute_query_all_async(FETCH, queues=queues, worker=worker, most=most)
        finally:
            self._fetching -= 1
            if not self._fetching:
                self.idle.set()
        self.fetched += len(rows)
        self._away = False
        # Few while there are few: each that is not found costs the database a search.
        self._most[worker] = min(2 * most, FETCHED) if rows else 1
        jobs = [Job.from_row(row) for row in rows]
        for job in jobs:
            self.known[job.id or 0] = job.queue
            self._heard_before[job.id or 0] = heard
        if not rows and self._calm.nothing_found(queue, heard):
            found = await self.connector.execute_query_one_async(NONE_WAITS, queue=queue)
            if found["none_waits"]:
                self._calm.begin(queue)
        return jobs

    def _room_for(self, queues: list[str]) -> int:
        here = Counter(self.known.values())
        rooms = {queue: self.room(queue, here[queue]) for queue in queues}
        self._full.update(queue for queue, room in rooms.items() if room == 0)
        return min((room for room in rooms.values() if room is not None), default=FETCHED)

    def _unfetched(self, error: ProcrastinateException) -> None:
        self.unsure = True
        if not self._away:  # once for each time that the database is away
            log.warning("jobs cannot be fetched", reason=_why(error))
        self._away = True

    def begins(self, job: Job) -> None:
        """Note that work on a job has begun, so that its end will be written down."""
        self._begun.add(job.id or 0)

    def _is_here(self, number: int | None) -> bool:
        """Whether a job is worked on, or is about to be: not one whose task was cancelled before its first line."""
        waiting = (job.id for jobs in (*self._fetched.values(), self._unsettled) for job in jobs)
        return number in self._begun or number in waiting

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: ARG002  as declared
        """Remove a job that has ended, with those that end meanwhile."""
        await self._settle(job, partial(self._remove, job.id or 0))

    async def _remove(self, number: int) -> None:
        ending = self._ending
        if ending is None:
            numbers: list[int] = []
            ending = self._ending = numbers, asyncio.create_task(self._remove_all(numbers), name="dispatch-end")
        ending[0].append(number)
        await asyncio.shield(ending[1])

    async def _remove_all(self, numbers: list[int]) -> None:
        async with self._removing:
            self._ending = None  # those that end from now on are removed together
            await self.connector.execute_query_async(REMOVE, numbers=numbers)

    async def retry_job(self, job: Job, **_: Any) -> None:  # type: ignore[override]  # at once, whatever is asked for
        """Put a job back that was cut short, or not begun."""
        (channel,) = get_channel_for_queues([job.queue])
        put_back = partial(self.connector.execute_query_async, PUT_BACK, number=job.id or 0, channel=channel)
        await self._settle(job, put_back)

    async def _settle(self, job: Job, settle: Callable[[], Awaitable[None]]) -> None:
        for pause in (*_PAUSES, None):
            if self.silent:
                break
            try:
                await settle()
                break
            except ProcrastinateException as error:
                if isinstance(error.__cause__, psycopg.errors.RaiseException):
                    break  # it is there no more: another process has taken it over
                if pause is None:
                    log.warning("end of job not recorded", key=job.lock, reason=_why(error))
                    self._unsettled.append(job)
                    break
                await asyncio.sleep(pause)
        self.known.pop(job.id or 0, None)
        self._begun.discard(job.id or 0)
        # What woke the key meanwhile could not be fetched while this one held the key.
        if self._heard_before.pop(job.id or 0, None) != self._heard[job.queue] or job.queue in self._full:
            self._full.discard(job.queue)
            await self.nudge(job.queue)

    async def settle_again(self) -> None:
        """Put back the jobs whose end could not be written down: to run once too often does no harm."""
        left, self._unsettled = self._unsettled, []
        for job in left:
            await self.retry_job(job)

    async def nudge(self, queue: str) -> None:
        """Let the worker of a queue look for jobs."""
        self._calm.end(queue)
        if callback := self._callbacks.get(queue):
            await callback(channel=queue, notification={"type": "job_inserted", "job_id": 0})

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Pass on what the database tells, on a new connection whenever one breaks."""
        (queue,) = queues or ()
        self._callbacks[queue] = on_notification

        async def heard(*, channel: str, notification: Any) -> None:
            self._heard[queue] += 1
            await on_notification(channel=channel, notification=notification)

        while True:
            with contextlib.suppress(ProcrastinateException):  # jobs are looked for without it, too, only later
                await super().listen_for_jobs(on_notification=heard, queues=[queue])
            await asyncio.sleep(LISTEN_AGAIN)

    async def register_worker(self) -> int:
        """Begin as a worker, with its first heartbeat."""
        sent = clock()
        worker = await super().register_worker()
        self._pulse.beat(worker, sent)
        return worker

    async def unregister_worker(self, worker_id: int) -> None:
        """End as a worker; what it has fetched and not begun is for others."""
        self._pulse.end(worker_id)
        for job in self._fetched.pop(worker_id, ()):
            await self.retry_job(job)
        if not self.silent:
            with contextlib.suppress(ProcrastinateException):  # it is found to be dead in time
                await super().unregister_worker(worker_id)

    async def beat(self) -> bool:
        """Write the heartbeats of this process; returns whether all that were written came in time."""
        in_time = True
        for worker in self._pulse.workers:
            for _ in (*_PAUSES, None):  # connections may have broken since they were used
                sent = clock()
                with contextlib.suppress(ProcrastinateException):
                    await self.update_heartbeat(worker)
                    in_time = self._pulse.beat(worker, sent) and in_time
                    break
        return in_time

    async def stalled(self, seconds: float) -> list[Job]:
        """The jobs of workers that have not been heard of for so long.

        Raises:
            ProcrastinateException: the database cannot be used.
        """
        found = await self.get_stalled_jobs(task_name=TASK, seconds_since_heartbeat=seconds)
        return self._forget(job for job in found if not self._is_here(job.id))

    async def elsewhere(self) -> bool:
        """Whether jobs are marked as running that this process does not work on. Errors as `stalled`."""
        found = await self.list_jobs_async(task=TASK, status="doing")
        return any(not self._is_here(job.id) for job in found)

    async def astray(self) -> list[Job]:
        """The jobs that are marked as running here and are not, once a second look has seen them. Errors as `stalled`."""
        if not self.unsure:
            return []
        found: list[Job] = []
        for worker in self._pulse.workers:
            found += await self.list_jobs_async(status="doing", worker_id=worker)
        # The first time, it may be one that is just being fetched.
        before, self._astray = self._astray, {job.id for job in found if job.id and not self._is_here(job.id)}
        self.unsure = bool(self._astray - before)
        return self._forget(job for job in found if job.id in before & self._astray)

    def _forget(self, jobs: Iterable[Job]) -> list[Job]:
        """Jobs that another one replaces."""
        found = list(jobs)
        for job in found:
            self.known.pop(job.id or 0, None)
            self._heard_before.pop(job.id or 0, None)
        return found


def _why(error: ProcrastinateException) -> str:
    return str(error.__cause__ or error).strip().partition("\n")[0]
