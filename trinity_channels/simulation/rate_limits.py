"""The two ways in which providers limit rates: so many in any period, or a burst that refills evenly."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Rule:
    """`most` of what is counted under `key` in any `period`."""

    key: Hashable
    most: int
    period: timedelta


class Windows:
    """Counts what happened in the last period; what is refused does not count."""

    def __init__(self) -> None:
        self._done: defaultdict[Hashable, deque[datetime]] = defaultdict(deque)

    def take(self, now: datetime, *rules: Rule) -> timedelta | None:
        """Count something that falls under all the rules.

        Returns:
            None if it may happen; otherwise until when the first rule forbids it, and nothing is counted.
        """
        for rule in rules:
            done = self._done[rule.key]
            while done and now - done[0] >= rule.period:
                done.popleft()
            if len(done) >= rule.most:
                return rule.period - (now - done[0]) if done else rule.period
        # Counted only after every rule has let it pass.
        for rule in rules:
            self._done[rule.key].append(now)
        return None


class Buckets:
    """Bursts: `at_once` may come together, and one more after each `every`."""

    def __init__(self) -> None:
        self._full_at: dict[Hashable, datetime] = {}

    def take(self, now: datetime, key: Hashable, every: timedelta, at_once: int) -> timedelta | None:
        """Count one.

        Returns:
            None if it may happen; otherwise how long to wait, and it is not counted.
        """
        # One time instead of a list of calls: when the last of the calls made is paid off.
        full_at = max(self._full_at.get(key, now), now) + every
        wait = full_at - now - every * at_once
        if wait > timedelta(0):
            return wait
        self._full_at[key] = full_at
        return None
