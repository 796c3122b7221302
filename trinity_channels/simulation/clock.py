"""The provider's clock: the real one plus what tests and pages have added."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta


class Clock:
    """Returns the simulated time when it is called, always timezone-aware.

    `real` is not moved. It is for signatures, which are good for minutes: host and provider both take the time of day
    from the network, however far a test is ahead.
    """

    def __init__(self, real: Callable[[], datetime]) -> None:
        self.real = real
        self._offset = timedelta(0)

    def __call__(self) -> datetime:
        return self.real() + self._offset

    def advance(self, by: timedelta) -> None:
        """Move forward; a clock that runs backwards would reopen what is closed, and bring back what has expired."""
        if by < timedelta(0):
            raise ValueError("time does not run backwards")
        self._offset += by
