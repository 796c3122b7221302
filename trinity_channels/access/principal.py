"""Who asks for an operation: a value that the API makes from a token, and that services take."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The kinds of principal."""

    ADMIN = "admin"
    USER = "user"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `subject` is a user's e-mail, an agent's name, or empty or a label for an administrator."""

    role: Role
    subject: str = ""

    @property
    def actor(self) -> str:
        """How the audit log names them."""
        return f"{self.role}:{self.subject}" if self.subject else str(self.role)
