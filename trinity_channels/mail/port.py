"""What the host needs of a mail system: send one plain text message."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mail:
    """A plain text message to one person."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)


class MailError(Exception):
    """The mail could not be handed over. The text names the cause without address or content."""


class Mailer(Protocol):
    """Hands mail over. There is no null mailer: where none is set up, the host holds None and says so."""

    async def send(self, mail: Mail) -> None:
        """Hand over one mail.

        Raises:
            MailError: it was not taken.
        """
