"""Hands mail to an SMTP server, one connection per mail: login codes are few."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr

import aiosmtplib
from pydantic import SecretStr

from trinity_channels import lease
from trinity_channels.email_address import ascii_domain
from trinity_channels.mail.port import Mail, MailError
from trinity_channels.mail.smtp_url import parse_smtp_url

TIMEOUT_SECONDS = 15.0


class SmtpMailer:
    """Sends from one address through one server.

    Over `smtp://` the connection turns to TLS as soon as the server offers it, and then its certificate must be good.

    Args:
        url: the setting TRINITY_CHANNELS_SMTP_URL; see `parse_smtp_url`.
        sender: the setting TRINITY_CHANNELS_MAIL_FROM, an address with or without a name.

    Raises:
        ValueError: one of the settings cannot be used.
    """

    def __init__(self, url: SecretStr, sender: str, now: Callable[[], datetime]) -> None:
        self._server = parse_smtp_url(url.get_secret_value())
        self._sender = _sender(sender)
        self._now = now

    async def send(self, mail: Mail) -> None:
        """Hand over one mail, within 15 seconds.

        Raises:
            LeaseLost: another process may have taken over what it is sent for.
            MailError: it was not taken, or its address or subject cannot stand in a header.
        """
        message = self._message(mail)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                async with self._connection() as server:
                    lease.check()  # to connect may have taken longer than others wait for this process
                    recipient = message["To"].addresses[0].addr_spec
                    await server.send_message(message, sender=self._sender.addr_spec, recipients=[recipient])
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise MailError(_cause(error)) from None  # the original quotes addresses

    def _connection(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.username,
            password=self._server.password,
            # None lets aiosmtplib use STARTTLS where the server offers it; some servers on the same machine do not.
            use_tls=self._server.tls,
            start_tls=False if self._server.tls else None,
            timeout=TIMEOUT_SECONDS,
        )

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        try:
            message["From"] = self._sender
            # an international domain in ASCII, for few servers take the other form
            message["To"] = Address(addr_spec=ascii_domain(mail.to))
            message["Subject"] = mail.subject
            message.set_content(mail.text)
        except (ValueError, IndexError, MessageError):
            raise MailError("The mail's address, subject or text cannot be written as a mail.") from None
        message["Date"] = format_datetime(self._now())
        message["Message-ID"] = make_msgid(domain=self._sender.domain)
        # https://www.rfc-editor.org/rfc/rfc3834: keeps out-of-office replies away.
        message["Auto-Submitted"] = "auto-generated"
        return message


def _sender(text: str) -> Address:
    # parseaddr would quietly drop what follows a line break
    name, address = parseaddr(text) if text.isprintable() else ("", "")
    try:
        return Address(display_name=name, addr_spec=address)
    except (ValueError, IndexError, MessageError):
        raise ValueError(
            "TRINITY_CHANNELS_MAIL_FROM must be an address such as bot@example.org or Bot <bot@example.org>."
        ) from None


def _cause(error: Exception) -> str:
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return f"The mail server refuses user or password ({error.code}); check TRINITY_CHANNELS_SMTP_URL."
        case aiosmtplib.SMTPRecipientsRefused():
            return f"The mail server refuses the recipient ({error.recipients[0].code})."
        case aiosmtplib.SMTPSenderRefused():
            return f"The mail server refuses the sender ({error.code}); check TRINITY_CHANNELS_MAIL_FROM."
        case aiosmtplib.SMTPResponseException():
            return f"The mail server refuses the mail ({error.code})."
        case TimeoutError():
            return f"The mail server did not answer within {TIMEOUT_SECONDS:g} seconds."
        case _:
            return f"The mail server cannot be used ({type(error).__name__}); check TRINITY_CHANNELS_SMTP_URL."
