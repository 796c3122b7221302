"""Which addresses `setWebhook` takes. https://core.telegram.org/bots/api#setwebhook.

More lenient than Telegram: there is no name server here, so a name is taken if it could exist. Certificates are not
looked at.
"""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from trinity_channels_telegram.simulator.problems import bad_request

PORTS = frozenset({443, 80, 88, 8443})
LONGEST = 2048

# https://www.rfc-editor.org/rfc/rfc6761 and its neighbours: names that no public name server knows.
_NOWHERE = ("invalid", "local", "internal", "home.arpa", "onion")
_NUMBERS = re.compile(r"[0-9a-fx.]+")


def check(url: str, *, anywhere: bool) -> None:
    """Look at an address.

    Args:
        url: as the bot says it.
        anywhere: take any host and port, and plain HTTP, as a Bot API server of one's own does with `--local`.

    Raises:
        Problem: a 400 in Telegram's words.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise bad_request("invalid webhook URL specified") from None
    if not host or parts.scheme not in {"http", "https"} or len(url) > LONGEST:
        raise bad_request("invalid webhook URL specified")
    if anywhere:
        return
    if parts.scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (port or 443) not in PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    _check_host(host.rstrip("."))


def is_loopback(url: str | None) -> bool:
    """Whether an address leads to this machine."""
    host = urlsplit(url or "").hostname
    return host is not None and ((number := _resolved(host)) is not None and number.is_loopback)


def _check_host(host: str) -> None:
    number = _resolved(host)
    # Telegram's servers deliver over IPv4 only.
    if isinstance(number, IPv6Address):
        raise bad_request("bad webhook: IPv6-only addresses are not allowed")
    if number is not None and (not number.is_global or number.is_multicast):
        raise bad_request(f"bad webhook: IP address {number} is reserved")
    if number is None and ("." not in host or any(host.endswith(f".{suffix}") for suffix in _NOWHERE)):
        raise bad_request("bad webhook: Failed to resolve host: Name or service not known")


def _resolved(host: str) -> IPv4Address | IPv6Address | None:
    """The number behind a host that needs no name server; None for others."""
    if host == "localhost" or host.endswith(".localhost"):
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(host)
    except ValueError:
        pass
    if not _NUMBERS.fullmatch(host):
        return None
    try:  # 127.1 and 2130706433 are numbers too
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
