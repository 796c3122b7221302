"""What calls of a simulated API carry: forms, JSON objects, and arguments that come as either or in the query."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

Arguments = dict[str, Any]
"""The arguments of a call by name; forms and queries have strings only."""


class NotAnObject(Exception):
    """A body that should be a JSON object is not; `is_json` says whether it is JSON at all."""

    def __init__(self, *, is_json: bool) -> None:
        super().__init__()
        self.is_json = is_json


def is_json(request: Request) -> bool:
    """Whether a request says that its body is JSON."""
    return request.headers.get("content-type", "").startswith("application/json")


def json_object(body: bytes) -> Arguments:
    """Read a JSON object.

    Raises:
        NotAnObject: it is not one.
    """
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAnObject(is_json=False) from None
    if not isinstance(read, dict):
        raise NotAnObject(is_json=True)
    return read


def form_fields(body: bytes) -> list[tuple[str, str]]:
    """Read a form, its empty fields too."""
    return parse_qsl(body.decode(errors="replace"), keep_blank_values=True)


async def arguments(request: Request, *, takes_json: bool = True) -> Arguments:
    """Everything a call says, wherever it says it; the body wins over the query.

    Args:
        request: the call.
        takes_json: read a body of JSON too; otherwise it counts as empty.

    Raises:
        NotAnObject: a body of JSON cannot be read.
    """
    given: Arguments = dict(request.query_params)
    body = await request.body()
    if not is_json(request):
        return given | dict(form_fields(body))
    return given | json_object(body) if takes_json else given


def text(given: Arguments, name: str) -> str:
    """One argument; empty if it was not given, or is not a string."""
    value = given.get(name, "")
    return value if isinstance(value, str) else ""


def truth(given: Arguments, name: str) -> bool:
    """One yes or no, as JSON or as a form says it."""
    value = given.get(name)
    return value is True or value in ("true", "True", "1")
