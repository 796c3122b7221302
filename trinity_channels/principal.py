"""Who asks for an operation: a value that the API makes from a token, and commands and mailed links without one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trinity_channels.store.audit import Actor


class Role(StrEnum):
    """The kinds of principal."""

    ADMIN = "admin"
    USER = "user"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes:
        role: what kind of principal.
        subject: a user's e-mail, an agent's name; empty or a label for an administrator.
        name: how the audit log names a principal without a token; empty for the others.
    """

    role: Role
    subject: str = ""
    name: str = ""

    @property
    def actor(self) -> Actor:
        """How the audit log names them."""
        return Actor(self.name or (f"{self.role}:{self.subject}" if self.subject else str(self.role)))


COMMAND_LINE = Principal(Role.ADMIN, name="command line")
"""Who uses a command on the host's own machine."""
HANGUP = Principal(Role.ADMIN, name="signal")
"""Who sends the host's process a SIGHUP."""
