"""Whether the other processes have heard of this one lately: those that have not may take over what it works on."""

from __future__ import annotations

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""It goes on while the machine sleeps, where there is such a clock."""


def clock() -> float:
    """Seconds since some moment; they pass also while this process is stopped."""
    return time.clock_gettime(_CLOCK)


class Pulse:
    """The heartbeats of the workers of this process.

    Args:
        limit: seconds after its last heartbeat in which a worker is alive to the others.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._beats: dict[int, float] = {}
        self._since: dict[int, float] = {}
        self._began = clock()

    @property
    def heard(self) -> bool:
        """Whether the others hear of this process; for a moment after its beginning they may not yet."""
        return clock() - self._began <= self._limit or any(self.alive(one) for one in self._beats)

    @property
    def workers(self) -> list[int]:
        """The workers that are to be heard of."""
        return list(self._beats)

    def beat(self, worker: int, sent: float) -> bool:
        """Note that a heartbeat has been written, which was sent at `sent`; returns whether it came in time."""
        # From the sending of one to the end of the next: never shorter than the pause that the others may have seen.
        in_time = clock() - self._beats.get(worker, sent) <= self._limit
        if worker not in self._since or not in_time:
            self._since[worker] = sent
        self._beats[worker] = sent
        return in_time

    def end(self, worker: int) -> None:
        """Expect no further heartbeat."""
        self._beats.pop(worker, None)
        self._since.pop(worker, None)

    @property
    def left(self) -> float:
        """Seconds in which none of the workers can be taken for dead; negative once one can."""
        now = clock()
        return min((self._limit - (now - last) for last in self._beats.values()), default=self._limit)

    @property
    def steady(self) -> bool:
        """Whether no heartbeat failed for as long as others may take for theirs.

        After the database was away, that of a process which lives may be written later than the looks of this one.
        """
        now = clock()
        return bool(self._since) and all(
            now - since > self._limit and self.alive(worker) for worker, since in self._since.items()
        )

    def alive(self, worker: int) -> bool:
        """Whether no other process can have taken the worker for dead by now."""
        last = self._beats.get(worker)
        return last is not None and clock() - last <= self._limit
