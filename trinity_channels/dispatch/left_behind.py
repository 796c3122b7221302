"""What processes that have died were working on: found by what they no longer say, and given to those that live."""

from __future__ import annotations

import asyncio
from functools import partial

import psycopg
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Job

from trinity_channels.dispatch.jobs import Jobs
from trinity_channels.dispatch.pulse import Pulse
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store, StoreError, wakes
from trinity_channels.store.presence import Presence

log = get_logger(__name__)

_FAULTS = (psycopg.Error, ProcrastinateException, StoreError)


class LeftBehind:
    """The jobs of other processes that are not heard of any more.

    Args:
        store: where keys are woken.
        jobs: the queue.
        pulse: the heartbeats of this process.
        presence: which others are to be seen.
        two_beats: seconds between two heartbeats of a process, and as many again.
        stalled: seconds after its last heartbeat for which a process may act.
    """

    def __init__(
        self, store: Store, jobs: Jobs, pulse: Pulse, presence: Presence, *, two_beats: float, stalled: float
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._pulse = pulse
        self._presence = presence
        self._two_beats = two_beats
        self._stalled = stalled

    async def look(self) -> None:
        """Take over what no process can be working on any more.

        Raises:
            ProcrastinateException, StoreError: the database cannot be used.
        """
        if self._pulse.steady:
            await self._take_over(await self._jobs.stalled(self._stalled))
        await self._take_over(await self._jobs.astray())

    async def alone(self) -> bool:
        """Whether no other process is to be seen."""
        try:
            return not (await self._presence.others())[0]
        except psycopg.Error as error:
            _not_looked(error)
            return False

    async def look_early(self) -> None:
        """At a start, do not wait as long as `look` does, while no other process is to be seen.

        That alone does not prove that there is none: the connection which says so may be the only one that a process has
        lost. So its heartbeats must be missing, too; and where the server was away, for as long as any may act without one.
        """
        try:
            _, up = await self._presence.others()
            for pause in (0.0, self._two_beats) if up > self._stalled else (self._stalled,):
                await asyncio.sleep(pause)
                if (await self._presence.others())[0]:
                    return
                await self._take_over(await self._jobs.stalled(self._two_beats))
                if not await self._jobs.elsewhere():
                    return
        except _FAULTS as error:  # `look` finds them in time
            _not_looked(error)

    async def _take_over(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        log.info("runs of another process taken over", runs=len(jobs))
        await self._store.write(partial(wakes.take_over, jobs={job.id or 0: job.lock or "" for job in jobs}))


def _not_looked(error: BaseException) -> None:
    log.warning("stalled jobs not looked for", reason=str(error.__cause__ or error).strip())
