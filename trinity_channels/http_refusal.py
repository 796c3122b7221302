"""The answer to a request that passes a bound of the server, before any application sees it.

Programs get the JSON of every error, a person in a browser a short page. It has no style sheet: an application may have the
server to itself, without our pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

_CODES = {
    HTTPStatus.BAD_REQUEST: ("invalid_request", "The request is not valid HTTP/1.1."),
    HTTPStatus.REQUEST_TIMEOUT: ("request_timeout", "The request took too long to arrive."),
    HTTPStatus.REQUEST_URI_TOO_LONG: ("address_too_long", "The request line is too long."),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: ("headers_too_large", "The request has too many or too large headers."),
}
_TOLD = {
    HTTPStatus.REQUEST_TIMEOUT: (
        "This took too long",
        "Your browser did not send its request in time. Check the connection and try again.",
    ),
    HTTPStatus.REQUEST_URI_TOO_LONG: (
        "This address is too long",
        "It was perhaps put together wrongly. Go back, or begin at the first page.",
    ),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        "Your browser sends too much",
        "It holds too many cookies for this address, perhaps other programs' too. Remove them, then load the page again.",
    ),
}
"""Title and text for people. What is not valid HTTP comes from no browser."""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>{title}</title></head>
<body><main><h1>{title}</h1><p>{text}</p><p><a href="/">Go to the first page</a></p></main></body></html>
"""
_ACCEPTS = re.compile(rb"\naccept:[^\n]*text/html", re.IGNORECASE)


def is_a_person(method: bytes, url: bytes, headers: Iterable[tuple[bytes, bytes]], received: bytes) -> bool:
    """Whether a browser asks for a page; the paths of the API are never pages.

    Args:
        method: as the request has it.
        url: what has been read of its address.
        headers: those that have been read; names are lower case.
        received: what came last, with headers that were not read any more.
    """
    if method != b"GET" or url.startswith(b"/api/"):
        return False
    # Browsers name what they accept before their cookies.
    read = any(name == b"accept" and b"text/html" in value for name, value in headers)
    return read or _ACCEPTS.search(received) is not None


def answer(status: HTTPStatus, headers: Iterable[tuple[bytes, bytes]], *, person: bool) -> bytes:
    """The whole answer.

    Args:
        status: one of those in the tables above.
        headers: those of the server.
        person: whether a person reads it.
    """
    if person and status in _TOLD:
        title, text = _TOLD[status]
        kind, body = b"text/html; charset=utf-8", _PAGE.format(title=title, text=text).encode()
        headers = [*headers, (b"content-security-policy", b"default-src 'none'; img-src data:; frame-ancestors 'none'")]
    else:
        code, message = _CODES[status]
        kind, body = b"application/json", json.dumps({"code": code, "message": message, "detail": message}).encode()
    lines = [
        *headers,
        (b"content-type", kind),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
        (b"content-length", str(len(body)).encode()),
    ]
    return STATUS_LINE[status] + b"".join(b"%b: %b\r\n" % line for line in lines) + b"\r\n" + body
