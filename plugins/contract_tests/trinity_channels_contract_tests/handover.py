"""Which of the calls of `send` hands the message over, and what another call that does it looks like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

import httpx

from trinity_channels.api import ReplyTo
from trinity_channels_contract_tests.expectations import broken
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.meddling import meddling
from trinity_channels_contract_tests.transport import Call, Carry


@dataclass(frozen=True, slots=True)
class Handover:
    """The call that hands a message over, and those `before` it, which prepare it.

    `name` is the provider's id of the message, as `send` returned it.
    """

    call: Call
    before: tuple[Call, ...]
    name: str

    @property
    def at(self) -> int:
        """Its number among the calls of `send`, from 0."""
        return len(self.before)


async def handover(harness: Harness, text: str = "", reply_to: ReplyTo | None = None) -> Handover:
    """Learn it, from a message that arrives."""
    before = len(harness.arrived())
    message = await harness.message(text or f"which call hands over number {before}?")
    message = replace(message, reply_to=reply_to)
    found: list[int] = []

    async def look(_: httpx.Request, carry: Carry) -> httpx.Response:
        response = await carry()
        await harness.simulator.settle()
        if not found and len(harness.arrived()) > before:
            found.append(len(made) - 1)
        return response

    first = len(harness.transport.calls)
    with meddling(harness, look) as made:
        receipt = await harness.hand_over(message)
    if not found:
        broken(f"send made {len(made)} calls and returned a receipt, and no message arrived")
    calls = harness.transport.calls[first:]
    return Handover(calls[found[0]], tuple(calls[: found[0]]), receipt.provider_id)


class Shape:
    """What two calls that hand messages over have in common, and no other call of the provider's API."""

    def __init__(self, first: tuple[Call, str], second: tuple[Call, str]) -> None:
        (one, text), (other, other_text) = first, second
        self._method = one.request.method
        self._places = {name for call in (one, other) for name, _ in _leaves(call.request)}
        # A part of the path that names the message or the person differs between two messages.
        parts = zip(_parts(one.request), _parts(other.request), strict=False)
        self._parts = [mine if mine == theirs else None for mine, theirs in parts]
        # One address may serve all operations, as in GraphQL and JSON-RPC: then the field with the text tells them apart.
        fields = {name for name, value in _leaves(one.request) if text in value}
        self._fields = fields & {name for name, value in _leaves(other.request) if other_text in value}

    def fits(self, request: httpx.Request) -> bool:
        """Whether a call hands a message over, too."""
        parts = _parts(request)
        if request.method != self._method or len(parts) != len(self._parts):
            return False
        if any(mine not in {None, theirs} for mine, theirs in zip(self._parts, parts, strict=True)):
            return False
        return not self._fields or bool(self._fields & {name for name, value in _leaves(request) if value})

    def has_no_more(self, request: httpx.Request) -> bool:
        """Whether a call holds no text in a place in which the two have none."""
        return self._places >= {name for name, _ in _leaves(request)}


def _parts(request: httpx.Request) -> list[str]:
    return request.url.path.strip("/").split("/")


def _leaves(request: httpx.Request) -> Iterator[tuple[str, str]]:
    """The texts that a request holds, each with its place: of the query, of JSON, or of a form."""
    yield from request.url.params.multi_items()
    body = request.content
    try:
        yield from _texts(json.loads(body))
    except (ValueError, RecursionError):
        yield from parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


def _texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{place}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, f"{place}[]")
