"""What is attached to a host: it is told when the host starts and stops."""

from __future__ import annotations

from typing import Protocol


class Place(Protocol):
    """Where a host has its routes in another application."""

    def opened(self) -> None:
        """The host has started."""

    def closed(self) -> None:
        """The host has stopped."""


class Lasting(Protocol):
    """What gives answers that last, such as streams of events."""

    def begin(self) -> None:
        """The host starts, perhaps not for the first time."""

    async def stop(self) -> None:
        """End them, and begin no more."""
