"""What a page or a program posts to a simulator: JSON, or a form of the simulator's own page."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.requests import Request

from trinity_channels.simulation.arguments import NotAnObject, form_fields, json_object

LONGEST = 64 * 1024
"""Bytes of a body that is read."""


class Refused(Exception):
    """Something that a person cannot do. The page shows the text."""

    def __init__(self, text: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(text)
        self.status = status


async def posted(request: Request) -> dict[str, Any]:
    """The posted object or form.

    Browsers post JSON to another site only if that site agrees, which a simulator does not; so JSON needs no further
    check. A form is taken from the simulator's own page only.

    Raises:
        Refused: another type, a form of another page, or no object.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/x-www-form-urlencoded" and _same_origin(request):
        return dict(form_fields(await _body(request)))
    if media_type != "application/json":
        raise Refused("The Content-Type must be application/json.")
    try:
        return json_object(await _body(request))
    except NotAnObject:
        raise Refused("The body is not a JSON object.") from None


def is_form(request: Request) -> bool:
    """Whether a browser posted a form, and expects a page."""
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def _same_origin(request: Request) -> bool:
    """Fetch metadata where the browser sends it, otherwise the origin; a form without either is of an unknown page."""
    # Browsers set it, and no page can forge it.
    if site := request.headers.get("sec-fetch-site"):
        return site == "same-origin"
    # Compared as text, because what programs send may be no URL at all.
    _, _, origin = request.headers.get("origin", "").partition("://")
    return origin != "" and origin == request.headers.get("host")


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            raise Refused("The body is too long.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return body
