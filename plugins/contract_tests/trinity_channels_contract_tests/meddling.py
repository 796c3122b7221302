"""What a check does to single calls: it breaks them, answers in the provider's place, or changes what was answered."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from trinity_channels_contract_tests.fuzz import spelt_out
from trinity_channels_contract_tests.harness import PATIENCE, Harness
from trinity_channels_contract_tests.transport import Carry, Meddling

MOST_CALLS = 1_000
"""Calls of one hook, after which it goes in a circle; calls take no virtual time, so no time-out would strike."""
HURRIES, RUSH = 20, 10.0
"""So many questions in so many seconds are too many."""


@contextmanager
def meddling(harness: Harness, what: Meddling, at: int | None = None) -> Iterator[list[httpx.Request]]:
    """Let `what` become of the calls in the block, or of the one with the number `at`, counted from 0.

    Gives the list of all calls that were made.
    """
    made: list[httpx.Request] = []

    async def meddle(request: httpx.Request, carry: Carry) -> httpx.Response:
        made.append(request)
        if len(made) > MOST_CALLS:
            await asyncio.sleep(2 * PATIENCE)
        return await (what(request, carry) if at in {None, len(made) - 1} else carry())

    harness.transport.meddling = meddle
    try:
        yield made
    finally:
        harness.transport.meddling = None


def answers(status: int, body: bytes = b"", headers: dict[str, str] | None = None, *, taken: bool) -> Meddling:
    """Something answers in the provider's place: after it has got the call (`taken`), or instead of it."""

    async def meddle(request: httpx.Request, carry: Carry) -> httpx.Response:
        if taken:
            await carry()
        # Bytes, since a header may hold what is not ASCII.
        raw = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        return httpx.Response(status, content=body, headers=raw, request=request)

    return meddle


def breaks(error: type[httpx.TransportError | httpx.DecodingError], *, taken: bool) -> Meddling:
    """The connection breaks, after the provider has got the call, or before."""

    async def meddle(request: httpx.Request, carry: Carry) -> httpx.Response:
        if taken:
            await carry()
        raise error(f"The contract kit lets a call end in {error.__name__}.", request=request)

    return meddle


class _Midway(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"id'
        raise httpx.ReadError("The contract kit lets an answer end in its middle.")


async def breaks_midway(request: httpx.Request, carry: Carry) -> httpx.Response:
    """The provider has got the call, and the connection breaks in the middle of its answer."""
    await carry()
    return httpx.Response(200, headers={"content-type": "application/json"}, stream=_Midway(), request=request)


@contextmanager
def changing(harness: Harness, change: Callable[[Any], Any]) -> Iterator[None]:
    """Change all JSON on its way to the plugin: answers, and messages on WebSockets; `change` may mark extremes."""

    def changed(text: str) -> str:
        try:
            return spelt_out(json.dumps(change(json.loads(text))))
        except ValueError:
            return text

    harness.sockets.change = changed
    try:
        with meddling(harness, edits(change)):
            yield
    finally:
        harness.sockets.change = str


def edits(change: Callable[[Any], Any]) -> Meddling:
    """The provider answers, and its JSON is changed on the way; other answers pass."""

    async def meddle(request: httpx.Request, carry: Carry) -> httpx.Response:
        response = await carry()
        try:
            told = json.loads(await response.aread())
        except ValueError:
            return response
        headers = {"content-type": response.headers.get("content-type", "application/json")}
        body = spelt_out(json.dumps(change(told))).encode()
        return httpx.Response(response.status_code, content=body, headers=headers, request=request)

    return meddle


def hangs() -> tuple[Meddling, asyncio.Event]:
    """The provider never answers; the event is set once it has been asked."""
    asked = asyncio.Event()

    async def meddle(_: httpx.Request, carry: Carry) -> httpx.Response:
        asked.set()
        await asyncio.Event().wait()
        return await carry()

    return meddle, asked


class Impatient:
    """A provider that answers at once what it has held open twice before, as if nothing had come."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], tuple[httpx.Response, httpx.Response]] = {}
        self._held_once: dict[tuple[str, str], httpx.Response] = {}
        self.rushed = False
        self._asked: deque[float] = deque(maxlen=HURRIES)

    async def __call__(self, request: httpx.Request, carry: Carry) -> httpx.Response:
        """Answer one call."""
        question, clock = (request.method, request.url.path), asyncio.get_running_loop().time
        known = self.held.get(question)
        if known:
            self._asked.append(clock())
            if len(self._asked) == HURRIES and clock() - self._asked[0] < RUSH:
                self.rushed = True
                await asyncio.Event().wait()  # a circle takes no virtual time, so it would never end
            return _again(*known, request)
        asked = clock()
        response = await carry()
        await response.aread()
        if clock() - asked >= 1:
            first = self._held_once.pop(question, None)
            self._held_once[question] = response
            if first is not None:
                self.held[question] = first, response
        return response


def _again(first: httpx.Response, second: httpx.Response, request: httpx.Request) -> httpx.Response:
    """What is answered where nothing has come."""
    content = second.content
    with suppress(ValueError):
        content = json.dumps(_without_signs(json.loads(first.content), json.loads(content))).encode()
    headers = {"content-type": second.headers.get("content-type", "application/json")}
    return httpx.Response(second.status_code, content=content, headers=headers, request=request)


def _without_signs(first: Any, second: Any) -> Any:
    """An answer without the lists that are others each time, although nothing has come: they hold signs of life."""
    match first, second:
        case (dict(), dict()):
            return {name: _without_signs(first.get(name, held), held) for name, held in second.items()}
        case (list(), list()) if first != second:
            return []
    return second
