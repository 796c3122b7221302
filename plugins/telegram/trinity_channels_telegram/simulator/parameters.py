"""A call's parameters, which come as JSON, as a form or in the query, and nested ones then as JSON in a string."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from trinity_channels_telegram.simulator.problems import bad_request

Params = dict[str, Any]


async def read(request: Request) -> Params:
    """Everything a request says, wherever it says it."""
    params: Params = dict(request.query_params)
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            said = json.loads(body or b"{}")
        except ValueError:
            raise bad_request("can't parse request") from None
        return params | said if isinstance(said, dict) else params
    return params | dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def text(params: Params, name: str) -> str:
    """A string; empty if there is none."""
    value = params.get(name, "")
    return value if isinstance(value, str) else ""


def whole(params: Params, name: str) -> int | None:
    """A whole number, also where it came as a string."""
    value = params.get(name)
    # A bool is an int to Python, and no number to Telegram.
    if isinstance(value, bool):
        return None
    try:
        return int(value) if value is not None else None
    except (TypeError, ValueError):
        return None


def boolean(params: Params, name: str) -> bool:
    """A truth, also where it came as a string."""
    return params.get(name) in {True, "true", "True", "1"}


def nested(params: Params, name: str) -> Params:
    """An object."""
    value = _json(params.get(name))
    return value if isinstance(value, dict) else {}


def listed(params: Params, name: str) -> list[Any]:
    """A list; empty if there is none."""
    value = _json(params.get(name))
    return value if isinstance(value, list) else []


def strings(params: Params, name: str) -> list[str] | None:
    """A list of strings; None if it was not said."""
    value = _json(params.get(name))
    return [str(one) for one in value] if isinstance(value, list) else None


def _json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None
