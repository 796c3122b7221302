"""Dispatch within one process: one asyncio task per busy key, a timer for those that wait, the tables as memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from trinity_channels.dispatch.port import Run, in_order
from trinity_channels.dispatch.timers import Timers
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store, Tx

log = get_logger(__name__)

SWEEP = timedelta(seconds=5)
"""How often open work is looked up again: it catches what another process, such as the command line, has left."""
SWEEP_ANYWAY = timedelta(minutes=1)
"""The same if nothing was written to the database since: a sweep wakes several threads, and would find nothing new."""
TICK = 1.0
"""Seconds between looks at the clock while something waits, for it may be moved. An alarm is set for the next timer."""
IDLE_TICK = SWEEP.total_seconds()
"""The same while nothing waits: each look wakes the process of a host that has nothing to do."""
_EARLY = timedelta(seconds=0.5)
"""How much a look may come before its time by the wall clock: without it, a sweep would be left out."""
RETRY = timedelta(seconds=5)
"""When a key whose run raised is tried again."""


class LocalDispatcher:
    """Runs keys of one SQLite database, each in a task of its own."""

    heard = True
    """There is no other process."""

    def __init__(
        self,
        store: Store,
        open_keys: Callable[[Tx], set[str]],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._open_keys = open_keys
        self._now = now
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._timers = Timers(now, self.ring)
        self._swept_at = now()
        self._stamp: int | None = None
        self._clock: asyncio.Task[None] | None = None
        self._run: Run | None = None
        self._paused: Run | None = None
        self._woken_in_pause: set[str] = set()

    @property
    def waiting(self) -> int:
        """How many keys wait for their time."""
        return len(self._timers)

    async def start(self, run: Run) -> None:
        """Begin to call `run` for the keys that the store wakes; open work in the tables is woken first."""
        self._run = run
        # Of an earlier life: the first sweep sees what is open now.
        self._timers.clear()
        self._timers.run(running=True)
        # Before the first sweep: what is committed in between must not be missed.
        self._store.on_wake(self._wake)
        await self.sweep()
        self._clock = asyncio.create_task(self._watch(), name="dispatch-clock")

    def _wake(self, key: str) -> None:
        """Run a key, once more if it is running: it may have looked before the commit."""
        if self._run is None:  # not started, or stopping: the work is found at the next start
            if self._paused:
                self._woken_in_pause.add(key)
            return
        if key in self._running:
            self._again.add(key)
        else:
            self._running[key] = asyncio.create_task(self._chain(key), name=key)

    async def quiet(self) -> None:
        """Wait until no key is running."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    def fire_due(self) -> None:
        """Wake the keys whose time has come; all of them if the clock was set back, for it may be long until then."""
        due, _ = self._timers.take_due()
        for key in due:
            self._wake(key)

    def pause(self) -> None:
        """Begin no further run until `resume`."""
        self._paused, self._run = self._run, None
        self._timers.run(running=False)

    async def resume(self) -> None:
        """Go on after `pause`: with what was woken or came due meanwhile, too."""
        self._run, self._paused = self._paused, None
        self._timers.run(running=True)
        woken, self._woken_in_pause = self._woken_in_pause, set()
        for key in sorted(woken, key=in_order):
            self._wake(key)
        await self.sweep()

    async def stop(self, grace: float) -> None:
        """Let runs end for `grace` seconds, then cancel them."""
        self._run = None
        self._timers.run(running=False)
        if self._clock:
            self._clock.cancel()
            await asyncio.gather(self._clock, return_exceptions=True)
        tasks = list(self._running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=grace)  # a run that does not let itself be cancelled is left behind

    async def abandon(self) -> None:
        """Cancel all runs at once, as the end of the process would."""
        self._run = None
        self._timers.run(running=False)
        tasks = [*self._running.values(), *([self._clock] if self._clock else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _chain(self, key: str) -> None:
        try:
            while (run := self._run) is not None:
                self._again.discard(key)
                at = await self._guarded(run, key)
                # Also if it does not wait any more: the sweep would leave the key to a timer that it no longer needs.
                self._timers.wait(key, at)
                if key not in self._again:
                    return
        finally:
            self._again.discard(key)
            self._running.pop(key, None)

    async def _guarded(self, run: Run, key: str) -> datetime | None:
        try:
            return await run(key)
        except Exception as error:  # one broken key must not stop the others; its work stays open
            log.exception("run failed", key=key, error=type(error).__name__)
            return self._now() + RETRY

    def ring(self) -> None:
        """What the alarm does: wake what is due, and set the next alarm."""
        self.fire_due()
        self._timers.set_alarm()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(TICK if self._timers.any else IDLE_TICK)
            await self.look()

    async def look(self) -> None:
        """Wake the keys whose time has come, and now and then what another process has left."""
        self.fire_due()
        now = self._now()
        # abs: the clock may be set back
        if abs(now - self._swept_at) >= SWEEP - _EARLY and self._may_have_work(now):
            await self.sweep()

    def _may_have_work(self, now: datetime) -> bool:
        """Whether something was written to the database since the last sweep, or that was long ago."""
        if abs(now - self._swept_at) >= SWEEP_ANYWAY - _EARLY:
            return True
        stamp = self._store.stamp()
        return stamp is None or stamp != self._stamp

    async def sweep(self) -> None:
        """Wake the keys that have open work in the tables, except those that run or wait already."""
        # Before it reads: what is committed meanwhile is for the next sweep.
        self._stamp, self._swept_at = self._store.stamp(), self._now()
        try:
            keys = await self._store.read(self._open_keys)
        except Exception as error:  # the next sweep may work
            log.exception("sweep failed", error=type(error).__name__)
            self._stamp = None
            return
        for key in sorted(keys, key=in_order):
            # A key that waits has been looked at; only its own time, or a wake, may start it.
            if key not in self._running and key not in self._timers:
                self._wake(key)
