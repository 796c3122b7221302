"""What the proxies before this host say of the address that a client used: its scheme and its host.

Proxies append to these headers, so the first value is that of the client's side; uvicorn reads a list of schemes as none.
Any client can send them. No decision may hang on them in which a lie would harm someone else than its sender.
"""

from __future__ import annotations

import re

from starlette.requests import HTTPConnection

_SCHEMES = ("http", "https")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?")
# https://www.rfc-editor.org/rfc/rfc7239#section-4
_PAIR = re.compile(r'\s*([A-Za-z0-9!#$%&\'*+.^_`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s";,=]*))\s*(;|,|$)')


def scheme(request: HTTPConnection) -> str:
    """The scheme that a client used, "http" or "https"; that of the connection to us if no proxy names one."""
    for named in (_first(request, "x-forwarded-proto"), _element(request).get("proto", "")):
        if named.lower() in _SCHEMES:
            return named.lower()
    return request.url.scheme


def host(request: HTTPConnection) -> str:
    """The host that a client used, with its port if it named one; empty if no proxy names one."""
    for named in (_first(request, "x-forwarded-host"), _element(request).get("host", "")):
        if _HOST.fullmatch(named):
            return named.lower()
    return ""


def _first(request: HTTPConnection, name: str) -> str:
    # A proxy may add its value as a line of its own.
    return ",".join(request.headers.getlist(name)).partition(",")[0].strip()


def _element(request: HTTPConnection) -> dict[str, str]:
    """The parameters of the first proxy in `Forwarded`; none of them if it cannot be read."""
    line, at, found = ",".join(request.headers.getlist("forwarded")), 0, {}
    while pair := _PAIR.match(line, at):
        name, quoted, token, end = pair.groups()
        found[name.lower()] = token if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        if end != ";":
            return found
        at = pair.end()
    return {}
