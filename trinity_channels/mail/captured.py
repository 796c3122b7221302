"""A mailer that keeps mail instead of sending it: for the demonstration, which shows it, and for tests."""

from __future__ import annotations

from collections import deque

from trinity_channels.mail.port import Mail

KEPT = 200


class CapturedMailer:
    """Takes every mail and keeps the last 200 in memory, oldest first."""

    def __init__(self) -> None:
        self._mails: deque[Mail] = deque(maxlen=KEPT)

    @property
    def mails(self) -> tuple[Mail, ...]:
        return tuple(self._mails)

    def to(self, address: str) -> tuple[Mail, ...]:
        """Return what one person was sent, oldest first."""
        return tuple(mail for mail in self._mails if mail.to == address)

    async def send(self, mail: Mail) -> None:
        self._mails.append(mail)
