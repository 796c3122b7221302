"""What a process does of a host's work, and how far it is in its life."""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    """Receives what providers, owners and applications send, works on what was received, or does both.

    Only a PostgreSQL database can have processes that do one of them: a SQLite database has one process.
    """

    BOTH = "both"
    WEB = "web"
    WORKER = "worker"

    @property
    def receives(self) -> bool:
        """Whether webhooks, the API and the pages are answered."""
        return self is not Role.WORKER

    @property
    def works(self) -> bool:
        """Whether turns run and messages are sent."""
        return self is not Role.WEB


class Phase(Enum):
    """`STOPPING`: requests are still answered, nothing new is begun."""

    STOPPED = "stopped"
    RUNNING = "running"
    STOPPING = "stopping"
