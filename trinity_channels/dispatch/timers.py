"""When to come back to keys that wait: one alarm on the event loop for the next of them."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import datetime

SHORTEST_ALARM = 0.001
"""Seconds: the event loop's clock and the wall clock may differ by a little, and nothing may spin until they agree."""


class Timers:
    """The keys that wait, each with its time; `ring` is called when the first one is due.

    Attributes:
        running: whether the alarm is set.
    """

    running = False

    def __init__(self, now: Callable[[], datetime], ring: Callable[[], None]) -> None:
        self._now = now
        self._ring = ring
        self._heap: list[tuple[datetime, str]] = []
        self._at: dict[str, datetime] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._looked = now()

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, key: str) -> bool:
        return key in self._at

    @property
    def any(self) -> bool:
        """Whether the clock needs to be looked at."""
        return bool(self._heap)

    def clear(self) -> None:
        """Let no key wait."""
        self._heap.clear()
        self._at.clear()

    def wait(self, key: str, at: datetime | None) -> None:
        """Come back to a key at a time, not at any time given before; None: not at all."""
        if at is None:
            self._at.pop(key, None)
            return
        if self._at.get(key) == at:
            return
        self._at[key] = at
        heapq.heappush(self._heap, (at, key))
        if self._heap[0] == (at, key):
            self.set_alarm()

    def take_due(self) -> tuple[list[str], bool]:
        """The keys whose time has come; all of them if the clock was set back, for it may be long until then.

        Returns:
            The keys, and whether the clock was set back.
        """
        before, now = self._looked, self._now()
        self._looked = now
        due = []
        while self._heap and (self._heap[0][0] <= now or now < before):
            at, key = heapq.heappop(self._heap)
            # Superseded entries stay in the heap and are skipped here: removing them would search it.
            if self._at.get(key) == at:
                del self._at[key]
                due.append(key)
        return due, now < before

    def set_alarm(self) -> None:
        """Ring when the first one is due; not at all if nothing is running."""
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        if self._heap and self.running:
            wait = (self._heap[0][0] - self._now()).total_seconds()
            self._alarm = asyncio.get_running_loop().call_later(max(wait, SHORTEST_ALARM), self._ring)

    def run(self, running: bool) -> None:
        """Set the alarm from now on, or no longer."""
        self.running = running
        self.set_alarm()
