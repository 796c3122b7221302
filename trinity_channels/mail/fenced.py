"""Mails of a run whose process the others may think dead are not sent: another run sends them."""

from __future__ import annotations

from trinity_channels import lease
from trinity_channels.mail.port import Mail, Mailer


class FencedMailer:
    """Hands mails to `mailer`, while the current task may work on what it sends them for."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    async def send(self, mail: Mail) -> None:
        """As the port.

        Raises:
            LeaseLost: another process may have taken over what the current task works on.
            MailError: the mail was not taken.
        """
        lease.check()
        await self._mailer.send(mail)
