"""Which StatusCallback addresses Twilio takes: https://www.twilio.com/docs/api/errors/21609."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from trinity_channels_whatsapp.simulator.problems import Problem

LONGEST = 4000
_HOST = re.compile(r"[A-Za-z0-9.:-]+", re.ASCII)
# Names that no public server has. `.test` and `.example` are not here: tests have no other public names.
_LOCAL_NAME = re.compile(
    r"[^.]*|.*\.(?:localhost|local|internal|invalid|lan|home\.arpa|[0-9]+|0x[0-9a-f]*)", re.IGNORECASE
)


def check(url: str, *, local: bool) -> None:
    """Refuse an address that is not valid or that Twilio could not reach over the internet.

    Args:
        url: the StatusCallback.
        local: hosts of this machine and of private networks are reachable.

    Raises:
        Problem: 21609, or 21626 for an underscore in the host's name.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        # Read for its error: `urlsplit` takes a port that is not a number, and fails when it is asked for.
        _ = parts.port
    except ValueError:
        raise Problem(21609, url[:LONGEST]) from None
    if "_" in host:
        raise Problem(21626, url)
    if len(url) > LONGEST or parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        raise Problem(21609, url[:LONGEST])
    if not local and is_local(host):
        raise Problem(21609, url)


def is_local(host: str) -> bool:
    """Tell whether a host, by name or by number, is not on the public internet."""
    try:
        # Everything that is not on the public internet, such as loopback, link-local and documentation addresses.
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return _LOCAL_NAME.fullmatch(host) is not None
