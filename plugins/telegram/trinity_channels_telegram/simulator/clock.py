"""The provider's clock: the real one plus what tests and the phone page have added."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta


class Clock:
    """Tells the simulated time, always timezone-aware."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._offset = timedelta(0)

    def __call__(self) -> datetime:
        return self._now() + self._offset

    def advance(self, by: timedelta) -> None:
        """Move forward; a clock that runs backwards would bring back what has expired."""
        if by < timedelta(0):
            raise ValueError("time does not run backwards")
        self._offset += by
