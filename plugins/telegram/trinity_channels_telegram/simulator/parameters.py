"""A call's parameters, which come as JSON, as a form or in the query, and nested ones then as JSON in a string."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from trinity_channels.simulation import Arguments as Params
from trinity_channels.simulation import NotAnObject, arguments, text, truth
from trinity_channels_telegram.simulator.problems import bad_request

__all__ = ["Params", "listed", "nested", "read", "strings", "text", "truth", "whole"]


async def read(request: Request) -> Params:
    """Everything a request says, wherever it says it."""
    try:
        return await arguments(request)
    except NotAnObject as wrong:
        if wrong.is_json or not await request.body():
            return dict(request.query_params)
        raise bad_request("can't parse request") from None


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
