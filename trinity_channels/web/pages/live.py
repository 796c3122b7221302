"""Parts of pages that keep themselves up to date: an event stream that sends a part again when it has changed.

The part is made again when something was written to the database, and periodically for what only time changes. A stream ends
after a while, and the browser opens the next: so a server that shuts down waits for none of them, and a person who may no
longer see the page soon stops seeing it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from logging import ERROR, WARNING
from time import monotonic

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from trinity_channels.observability.log import get_logger
from trinity_channels.principal import Principal
from trinity_channels.server_event import server_event
from trinity_channels.web.errors import translate
from trinity_channels.web.pages.gate import Gate
from trinity_channels.web.pages.visit import Visit, version_of

log = get_logger(__name__)

PACE = 1.0
"""Seconds between two looks at whether something was written."""
AGAIN = 15.0
"""Seconds after which a part is made again in any case."""
LASTS = 25.0
"""Seconds that one stream lasts."""
MOST = 256
"""Streams at a time; a browser that gets none tries again."""
MOST_EACH = 64
"""The same for one person, who else could leave none for all others."""

Part = Callable[[], Awaitable[str]]
_EVENTS = "text/event-stream"


class _Stream(StreamingResponse):
    """An event stream that says when it has ended, however that came about, and also if it never began."""

    def __init__(self, events: AsyncIterator[str], ended: Callable[[], None], headers: Mapping[str, str]) -> None:
        super().__init__(events, headers=headers, media_type=_EVENTS)
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()


class Live:
    """Serves the streams. `commits` counts what was written to the database."""

    def __init__(self, gate: Gate, commits: Callable[[], int]) -> None:
        self._gate = gate
        self._commits = commits
        self._open: Counter[Principal] = Counter()
        self._stopping = asyncio.Event()

    def stream(self, visit: Visit, part: Part) -> Response:
        """Answer with the part now and whenever it changes.

        Args:
            visit: the request; its principal is checked again each time.
            part: makes the HTML.
        """
        # nginx would otherwise collect the stream until it ends.
        headers = {"X-Accel-Buffering": "no"}
        if visit.request.method == "HEAD":
            return Response(headers=headers, media_type=_EVENTS)
        full = self._open.total() >= MOST or self._open[visit.principal] >= MOST_EACH
        if full or self._stopping.is_set():
            return Response(status_code=503, headers={"Retry-After": "5"})
        # Counted here and not with the first event: requests at the same time would all be let in.
        self._open[visit.principal] += 1
        return _Stream(self._events(visit, part), lambda: self._ended(visit.principal), headers)

    def _ended(self, principal: Principal) -> None:
        self._open[principal] -= 1
        self._open += Counter()  # drops those who have none

    async def stop(self) -> None:
        """End every stream."""
        self._stopping.set()

    async def _events(self, visit: Visit, part: Part) -> AsyncIterator[str]:
        # From the stream before, else from the page: nothing is sent that the browser shows already.
        sent = visit.request.headers.get("last-event-id") or visit.request.query_params.get("seen", "")
        end = monotonic() + LASTS
        try:
            while monotonic() < end and not self._stopping.is_set() and await self._may_go_on(visit):
                # Read before the part is made: what is written meanwhile makes it once more.
                commits, made_at = self._commits(), monotonic()
                html = await part()
                version = version_of(html)
                if version != sent:
                    sent = version
                    yield server_event(html, version)
                while self._commits() == commits and monotonic() < min(made_at + AGAIN, end):
                    if await self._stops_within(PACE):
                        return
        except Exception as error:
            # What the page would explain, such as an agent that is someone else's by now, is not an error of the host.
            known = translate(error) is not None
            log.log(WARNING if known else ERROR, "live part failed", error=type(error).__name__, exc_info=not known)

    async def _may_go_on(self, visit: Visit) -> bool:
        entry = await self._gate.enter(visit.request, uses=False)
        # A session may end, or someone else sign in, while a stream is open.
        return entry is not None and visit.entry is not None and entry.principal == visit.entry.principal

    async def _stops_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True
