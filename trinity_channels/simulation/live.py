"""Parts of a page that change by themselves, as server-sent events that htmx puts in their places."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from trinity_channels.server_event import server_event

LOOK_AGAIN = 0.25
"""Seconds between two looks: nothing tells when something changes, and time passes too."""

Parts = Callable[[], Awaitable[Mapping[str, str]]]
"""The parts as they are now, by name; each is an element with an id and `hx-swap-oob`."""


def live(parts: Parts, headers: Mapping[str, str], every: float = LOOK_AGAIN) -> Response:
    """Send each part at first, and again whenever it has changed, until the browser leaves."""
    return _Events(_changes(parts, every), media_type="text/event-stream", headers=dict(headers))


class _Events(StreamingResponse):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":  # would last as long as the stream
            self.body_iterator = _nothing()
        await super().__call__(scope, receive, send)


async def _nothing() -> AsyncIterator[str]:
    return
    yield


async def _changes(parts: Parts, every: float) -> AsyncIterator[str]:
    sent: Mapping[str, str] = {}
    while True:
        now = await parts()
        # Only what has changed, or the page would lose what is being typed.
        if changed := [html for name, html in now.items() if sent.get(name) != html]:
            yield server_event("\n".join(changed))
        sent = now
        await asyncio.sleep(every)
