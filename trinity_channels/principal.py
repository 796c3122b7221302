"""Who asks for an operation, and who owns an agent.

A principal is a value that the API makes from a token, and commands and mailed links without one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from trinity_channels.email_address import normalise_email
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
        subject: a user's id as the directory names owners, which is their e-mail for a host that runs alone; an agent's
            name; empty or a label for an administrator.
        name: how the audit log names a principal without a token; empty for the others.
    """

    role: Role
    subject: str = ""
    name: str = ""

    @property
    def actor(self) -> Actor:
        """How the audit log names them."""
        return Actor(self.name or (f"{self.role}:{self.subject}" if self.subject else str(self.role)))


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns an agent.

    Attributes:
        id: what identifies them: the `subject` of their principals. Empty if no one is known as the owner.
        email: where mail reaches them, and what they sign in with in chats; None if it is not known.
        name: what people call them; may be empty.
    """

    id: str
    email: str | None = field(default=None, repr=False)
    name: str = field(default="", repr=False)

    @classmethod
    def known(cls, known: Owner | str | None) -> Owner | None:
        """The owner as a directory has told them: a text is their e-mail, or an id where it is none.

        Raises:
            TypeError: it is something else.
        """
        match known:
            case None:
                return None
            case Owner(id=str(identity), email=str() | None as email, name=str(name)):
                return cls(identity, _normal(email) if email else None, name)
            case str():
                return cls(known, _normal(known) if known else None)
        raise TypeError(f"Directory.owner() must return an Owner, a str or None, not {type(known).__name__}.")

    @property
    def shown(self) -> str:
        """What people are shown: the e-mail, or what else there is."""
        return self.email or self.name or self.id


@lru_cache(maxsize=256)
def _normal(email: str) -> str | None:
    try:
        return normalise_email(email)
    except ValueError:
        return None


COMMAND_LINE = Principal(Role.ADMIN, name="command line")
"""Who uses a command on the host's own machine."""
APPLICATION = Principal(Role.ADMIN, name="application")
"""The application that the host is mounted into."""
PLATFORM = Principal(Role.ADMIN, name="platform")
"""The platform that the host runs beside."""
HANGUP = Principal(Role.ADMIN, name="signal")
"""Who sends the host's process a SIGHUP."""
