"""Slack's clock: the real one plus what tests and the page have added."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta


class Clock:
    """Tells the simulated time, always timezone-aware.

    `real` is not moved: requests are signed with it, as the host and Slack both take the time of day from the network,
    and a signature is good for five minutes only.
    """

    def __init__(self, real: Callable[[], datetime]) -> None:
        self.real = real
        self._offset = timedelta(0)

    def __call__(self) -> datetime:
        return self.real() + self._offset

    def advance(self, by: timedelta) -> None:
        """Move forward; a clock that runs backwards would give out a `ts` twice."""
        if by < timedelta(0):
            raise ValueError("time does not run backwards")
        self._offset += by
