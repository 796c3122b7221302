"""What a process remembers for a while of what it has begun, and another process may go on with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")


class ShortMemory(Generic[T]):
    """Values by an id, each remembered for a `period`. Until `forget` is called, an old one may stay in it."""

    def __init__(self, period: timedelta, now: Callable[[], datetime]) -> None:
        self._period = period
        self._now = now
        self._kept: dict[int, tuple[datetime, T]] = {}  # by age

    def keep(self, key: int, value: T) -> None:
        """Remember a value, instead of any before."""
        self.forget()
        self._kept.pop(key, None)
        self._kept[key] = self._now(), value

    def take(self, key: int) -> T | None:
        """The value, which is remembered no longer; None if there is none."""
        self.forget()
        _, value = self._kept.pop(key, (None, None))
        return value

    def forget(self) -> None:
        """Forget what is too old."""
        now = self._now()
        while self._kept:
            key, (at, _) = next(iter(self._kept.items()))
            if at <= now < at + self._period:
                return
            del self._kept[key]  # also if the clock was set back
