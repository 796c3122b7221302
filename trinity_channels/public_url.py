"""Addresses that operators type: checked, and brought to one spelling, so that equal addresses compare equal."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*")
_WEBHOOK = re.compile(r"/api/[^/]+/webhook(?:/|$)")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def normalise_public_url(text: str) -> str:
    """Return the base of a host's addresses, as `normalise_url` does.

    Raises:
        ValueError: it is not such an address, or a webhook URL that was pasted, onto which others would be built. Other
            paths of an API may be the prefix of a proxy.
    """
    url = normalise_url(text)
    if webhook := _WEBHOOK.search(url):
        raise ValueError(f"must not be a webhook URL; enter {url[: webhook.start()]}")
    return url


def normalise_url(text: str) -> str:
    """Return the address with lower-case scheme and host, without default port or trailing slash.

    A path prefix is kept: `https://Example.org/trinity/` becomes `https://example.org/trinity`.

    Raises:
        ValueError: it is not such an address. The sentence says what to write and never quotes the text, which may hold a
            password.
    """
    text = text.strip()
    try:
        if not text.isprintable():  # urlsplit drops line breaks and tabs, wherever they stand
            raise ValueError(text)
        parts = urlsplit(text)
        host, port = _host(parts), parts.port
        # Valid to the parser, and no address at all.
        if port == 0:
            raise ValueError(text)
    except ValueError:
        # The cause quotes what it could not read, and that may be a password.
        raise ValueError("must be an address such as https://chat.example.org; host or port cannot be read") from None
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise ValueError("must be an address such as https://chat.example.org: https:// and the name of the host")
    if "@" in parts.netloc:
        raise ValueError("must not contain a user or password")
    if "?" in text or "#" in text:
        raise ValueError("must not contain a query or fragment")
    path = parts.path.rstrip("/")
    # Providers sign the address as they spell it; one that they would rewrite could never match.
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.lower().replace("%2e", ".").split("/")):
        raise ValueError("has a path that browsers and providers would spell differently; use plain segments")
    place = (
        f"{parts.scheme}://{host}"
        if port in (None, _DEFAULT_PORTS[parts.scheme])
        else f"{parts.scheme}://{host}:{port}"
    )
    return f"{place}{path}"


def leads_to_this_machine(url: str | None) -> bool:
    """Whether an address is one that only programs on the same machine can reach."""
    host = (urlsplit(url).hostname or "").rstrip(".") if url else ""
    return is_loopback(host) or host.endswith(".localhost")  # https://www.rfc-editor.org/rfc/rfc6761#section-6.3


def is_loopback(host: str) -> bool:
    """Whether a host's name or address, without port and brackets, is that of this machine to itself."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if ":" in host:
        # One spelling of the many that an IPv6 address has.
        return f"[{ipaddress.IPv6Address(host).compressed}]"
    if host and not _HOST.fullmatch(host):
        raise ValueError(host)
    return host
