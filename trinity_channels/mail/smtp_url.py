"""Reads TRINITY_CHANNELS_SMTP_URL: `smtp[s]://user:password@host:port`, user and password percent-encoded."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over. `tls` means TLS from the first byte; without it STARTTLS is used when offered."""

    host: str
    port: int
    tls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_smtp_url(url: str) -> SmtpServer:
    """Read the address of a mail server; the port defaults to 587 for smtp and 465 for smtps.

    Raises:
        ValueError: it cannot work. The sentence names TRINITY_CHANNELS_SMTP_URL and quotes nothing of it.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
        username, password = _decoded(parts.username), _decoded(parts.password)
    except ValueError:
        # The cause quotes what it could not read, and that may be the password.
        raise _refusal("it cannot be read; percent-encode special characters of user and password") from None
    if parts.scheme not in _PORTS or not host:
        raise _refusal("it must read smtp://user:password@host:port, or smtps:// for TLS from the start")
    # A password with an unescaped / or # ends up here; connecting without its end would only be refused.
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise _refusal("nothing may follow the port; percent-encode special characters of the password")
    if (username is None) != (password is None):
        raise _refusal("a user comes with a password, or neither is given")
    return SmtpServer(
        host=host,
        port=port or _PORTS[parts.scheme],
        tls=parts.scheme == "smtps",
        username=username,
        password=password,
    )


def _decoded(text: str | None) -> str | None:
    return None if text is None else unquote(text, errors="strict")


def _refusal(reason: str) -> ValueError:
    return ValueError(f"TRINITY_CHANNELS_SMTP_URL cannot be used: {reason}.")
