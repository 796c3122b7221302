"""Odd answers of a provider: of another kind than usual, or with one field missing or strange."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trinity_channels.api import retry_after
from trinity_channels_contract_tests.fuzz import marks
from trinity_channels_contract_tests.meddling import answers
from trinity_channels_contract_tests.transport import Call, Meddling

ELSEWHERE = "elsewhere.contract.example"
PAGE = b"<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in to the network</h1></body></html>"
JSON = {"content-type": "application/json"}

_WHOLE: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "HTML": (200, PAGE, {"content-type": "text/html; charset=utf-8"}),
    "an empty object": (200, b"{}", JSON),
    "an empty list": (200, b"[]", JSON),
    "null": (200, b"null", JSON),
    "a text": (200, b'"ok"', JSON),
    "a number": (200, b"1", JSON),
    "nothing": (200, b"", {}),
    "204": (204, b"", {}),
    "half an object": (200, b'{"id": "', JSON),
    "deep nesting": (200, b"[" * 20_000, JSON),
    "bytes": (200, b"\xff\xfe\x00", {"content-type": "application/octet-stream"}),
}
_VALUES: dict[str, Any] = {"null": None, "an address": f"http://{ELSEWHERE}/", "an object": {}}
_MISSING = object()
EACH = -1
_PAUSE = re.compile("retry_?(after|in|delay)", re.IGNORECASE)
"""Fields of JSON in which providers name a pause instead of in a header."""
Place = tuple[str | int, ...]
"""The way to a field: names of objects, and EACH for every element of a list."""


def whole(usual: Call, *, taken: bool) -> Iterator[tuple[str, Meddling]]:
    """What answers a call in the provider's place, by a name for it; without what the provider usually answers."""
    for name, (status, body, headers) in _WHOLE.items():
        if _kind(status, body) != _kind_of(usual):
            yield name, answers(status, body, headers, taken=taken)


def _kind_of(call: Call) -> object:
    return _kind(call.response.status_code, call.response.content) if call.response is not None else None


def _kind(status: int, body: bytes) -> object:
    # A provider may say as little as that, and then it is not odd.
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return "nothing" if not body else (status, body)
    return str(told) if told in ({}, []) else (type(told) if not isinstance(told, dict | list) else (status, body))


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a JSON answer: `place` is where, `held` what is there usually, `value` what is there instead."""

    place: Place
    held: Any
    name: str
    value: Any

    @property
    def how(self) -> str:
        """What was done, in words."""
        place = ".".join("each" if step == EACH else str(step) for step in self.place)
        return f"{place} {'missing' if self.value is _MISSING else f'that is {self.name}'}"

    @property
    def takes_away(self) -> bool:
        """Whether no text is left where one was."""
        return not isinstance(self.value, str)

    def found_in(self, told: Any) -> Any:
        """What is there; None if the place is not there."""
        try:
            for step in self.place:
                told = told[step]
        except (LookupError, TypeError):
            return None
        return told

    def __call__(self, told: Any) -> Any:
        """Make the change; an answer without that place stays as it is."""
        return _put(told, self.place, self.value)


def edits_of(call: Call) -> Iterator[Edit]:
    """The changes of what a call was answered, one field at a time."""
    try:
        told = json.loads(call.response.content) if call.response is not None else None
    except (ValueError, RecursionError):
        return
    for place, held in _places(told):
        yield Edit(place, held, "missing", _MISSING)
        for name, value in _VALUES.items():
            # Another text is nothing odd where there is a text, but an address may be one that is called.
            if type(value) is not type(held) or isinstance(value, str):
                yield Edit(place, held, name, value)


def extremes_of(call: Call, kinds: Iterable[str]) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """The changes of what a call was answered that put a value far out of any range into one field at a time."""
    try:
        told = json.loads(call.response.content) if call.response is not None else None
    except (ValueError, RecursionError):
        return
    for place, held in _places(told):
        if not isinstance(held, dict | list):
            for how, value in marks(kinds):
                edit = Edit(place, held, how, value)
                yield edit.how, edit


def named_pause(calls: Sequence[Call], now: datetime) -> str:
    """The header or field with which one of the answers names a pause; empty if none does, as with some providers."""
    for response in (call.response for call in calls if call.response is not None and call.response.is_error):
        if retry_after(response.headers, now) is not None:
            return "Retry-After"
        with suppress(ValueError, RecursionError):
            for place, held in _places(json.loads(response.content)):
                if _PAUSE.search(str(place[-1])) and isinstance(held, int | float) and held > 0:
                    return str(place[-1])
    return ""


def _places(told: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    if place:
        yield place, told
    if isinstance(told, dict):
        for name, value in told.items():
            yield from _places(value, (*place, name))
    # The last element stands for its siblings, which are changed like it.
    if isinstance(told, list) and told:
        yield from _places(told[-1], (*place, EACH))


def _put(told: Any, place: Place, value: Any) -> Any:
    first, rest = place[0], place[1:]
    if first == EACH:
        if not isinstance(told, list) or (value is _MISSING and not rest):
            return []
        return [_put(one, rest, value) if rest else value for one in told]
    if not isinstance(told, dict) or first not in told:
        return told
    if value is _MISSING and not rest:
        return {name: held for name, held in told.items() if name != first}
    return {**told, first: _put(told[first], rest, value) if rest else value}


def exchanged(told: Any, values: dict[str, Any]) -> Any:
    """JSON with other values in place of some texts."""
    if isinstance(told, dict):
        return {name: exchanged(value, values) for name, value in told.items()}
    if isinstance(told, list):
        return [exchanged(value, values) for value in told]
    return values.get(told, told) if isinstance(told, str) else told
