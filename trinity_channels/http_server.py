r"""HTTP/1.1 with bounds: what a connection may send, how long it may take, and how many of them there are.

uvicorn's httptools protocol bounds none of this before the application runs: 40 MB of `a:\r\n` on one connection took
a host from 345 MB to 1.4 GB. Its h11 protocol bounds the size of a head only, at a lower rate of requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

import httptools
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from trinity_channels import http_refusal

KEEP_ALIVE = 65
"""Seconds that an idle connection is kept: longer than the 60 s of common reverse proxies, so that they close first."""
CHECK_SECONDS = 5.0
"""Seconds between two looks at a connection that has no deadline at the moment."""


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """Bytes, counts and seconds that one connection gets.

    Attributes:
        request_line: bytes of the address in the request line; more is answered 414.
        headers: header fields of a request, trailers included; more is answered 431.
        head: bytes of all headers, also of an unfinished one, of trailers, and of the framing of a chunked body. A chunked
            body may need as much framing as it has content beyond that.
        pipelined: requests that may wait behind the one that is being answered.
        unread: bytes of a body that are discarded when its request was answered without reading it.
        head_seconds: from the first byte of a request, or the connection, to the end of its headers.
        body_seconds: from there to the end of its body.
        closing_seconds: to take what is still to be written, when writing has stalled or the connection is being closed.
        connections: open at a time. Beyond it, those that have waited longest for a complete request are closed.
    """

    request_line: int = 8_192
    headers: int = 100
    head: int = 32_768
    pipelined: int = 16
    unread: int = 131_072
    head_seconds: float = 10
    body_seconds: float = 30
    closing_seconds: float = 30
    connections: int = 1_000


class _Refused(Exception):
    """A bound was passed; `status` is the answer."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection. Also for the server of another application: `uvicorn --http trinity_channels.http_server:…`.

    Deadlines are checked by one lazy timer per connection, not by one per request: arming and cancelling those costs more
    than everything else here.
    """

    limits: ClassVar[RequestLimits] = RequestLimits()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.url, self.headers = b"", []  # nothing before the first byte of a request
        self.since = self.loop.time()  # when the present phase began: waiting for a head, for a body, or for the answer
        self._began = False  # a request has begun and is not complete
        self._in_head = True
        self._completed = 0
        self._fields = 0
        self._field_bytes = 0
        self._content = 0
        self._overhead = 0  # bytes that were not content, since the last complete request
        self._stalled_since: float | None = None
        self._refused: HTTPStatus | None = None
        self._check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Make room if there are too many."""
        super().connection_made(transport)
        self._look_later(self.loop.time() + self.limits.head_seconds)
        # Only when a connection is made, so that requests on open ones pay nothing.
        if len(self.connections) > min(self.limits.connections, _affordable()):
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the timer."""
        if self._check is not None:
            self._check.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and count what the parser keeps to itself: an unfinished header, and framing."""
        if self._refused is not None or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        completed, content = self._completed, self._content
        try:
            self.parser.feed_data(data)
            if self._completed == completed:
                self._overhead += len(data) - (self._content - content)
                if self._overhead > self.limits.head + self._content:
                    raise _Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():  # only simulators have WebSockets
                self.handle_websocket_upgrade()
                return
            # Answered in HTTP/1.1, as RFC 9110 section 7.8 allows. Older servers miss a "close" beside the "upgrade".
            self.cycle.keep_alive = self.cycle.keep_alive and self.parser.should_keep_alive()
        except httptools.HttpParserError as error:
            refused = error.__context__ if isinstance(error.__context__, _Refused) else None
            self._refuse(refused.status if refused else HTTPStatus.BAD_REQUEST, data)
        except _Refused as error:
            self._refuse(error.status, data)

    # --- what the parser calls ---

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.since = self.loop.time()
        self._began = self._in_head = True
        self._fields = self._field_bytes = self._content = 0

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        super().on_url(url)
        if len(self.url) > self.limits.request_line:
            raise _Refused(HTTPStatus.REQUEST_URI_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header or a trailer; trailers are counted and dropped."""
        self._fields += 1
        self._field_bytes += len(name) + len(value)
        if self._fields > self.limits.headers or self._field_bytes > self.limits.head:
            raise _Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete, so that the application runs."""
        if len(self.pipeline) >= self.limits.pipelined:
            raise _Refused(HTTPStatus.BAD_REQUEST)
        self._in_head = False
        self.since = self.loop.time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._content += len(body)
        # The answer has been given; a client that goes on sending keeps the connection busy for nothing.
        if self.cycle.response_complete and self._content > self.limits.unread:
            self.transport.close()
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is complete."""
        self._began = False
        self._completed += 1
        self._overhead = self._content = 0
        self.since = self.loop.time()
        super().on_message_complete()

    # --- what the server and the transport call ---

    def on_response_complete(self) -> None:
        """A request is answered."""
        if not self._began:
            self.since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The other side does not read what we write."""
        super().pause_writing()
        self._stalled_since = self.loop.time()

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        self._stalled_since = None

    def shutdown(self) -> None:
        """The server stops. An event stream has no end that could be waited for; browsers connect to it again."""
        if self.answering and self.cycle.response_started and _wants_events(self.headers):
            self.transport.close()
        super().shutdown()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over; this protocol hears no more of it."""
        if self._check is not None:
            self._check.cancel()
        super().handle_websocket_upgrade()

    # --- deadlines and room ---

    @property
    def answering(self) -> bool:
        """A complete request is being answered."""
        return not self._began and self.cycle is not None and not self.cycle.response_complete

    def _deadline(self) -> float | None:
        limits = self.limits
        if self._stalled_since is not None:
            return self._stalled_since + limits.closing_seconds
        if self.answering:
            return None
        if self._began and not self._in_head:
            return self.since + limits.body_seconds
        # An idle connection has the server's own time-out, which any byte switches off.
        idle = self.timeout_keep_alive_task is not None
        return None if idle else self.since + limits.head_seconds

    def _look(self) -> None:
        """Close the connection if its time is over, else look again later."""
        now = self.loop.time()
        if self.transport.is_closing():
            # The client does not read the rest of the answer; without this, the connection would stay open.
            self._stalled_since = self._stalled_since or now
        deadline = self._deadline()
        if deadline is None or deadline > now:
            self._look_later(deadline)
        # `abort`, for `close` would wait for what the other side does not read.
        elif self._stalled_since is not None:
            self.transport.abort()
        else:
            self._time_out()
            self._look_later(None)

    def _look_later(self, deadline: float | None) -> None:
        # All connections at the same moments: else each that a proxy keeps open would wake an idle host by itself.
        at = (self.loop.time() // CHECK_SECONDS + 1) * CHECK_SECONDS
        self._check = self.loop.call_at(at if deadline is None else min(at, deadline), self._look)

    def _time_out(self) -> None:
        silent = not self._began and not self._overhead
        answered = self._began and not self._in_head and self.cycle.response_complete
        if silent or answered:
            self.transport.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: HTTPStatus, received: bytes = b"") -> None:
        """Answer, unless another answer is on its way, and close. `received` is what came last."""
        self._refused = status
        answering = self.cycle is not None and not self.cycle.response_complete
        # Another answer in between would be taken for the answer to another request.
        if answering and (self.cycle.response_started or self.pipeline or self._in_head):
            self.transport.close()
            return
        if answering:  # the application waits for the body
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        person = http_refusal.is_a_person(self.parser.get_method(), self.url, self.headers, received)
        self.transport.write(http_refusal.answer(status, self.server_state.default_headers, person=person))
        self.transport.close()

    def _make_room(self) -> None:
        """Close those that have waited longest, some more than necessary: looking at all of them has a price."""
        others = (one for one in self.connections if isinstance(one, BoundedHttpProtocol) and one is not self)
        waiting = sorted((one for one in others if not one.answering), key=lambda one: one.since)
        # Those that are being answered are never among them.
        for one in waiting[: max(1, self.limits.connections // 20)]:
            self.connections.discard(one)
            one.transport.abort()
        if not waiting:
            self.connections.discard(self)
            self.transport.abort()


def _wants_events(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name == b"accept" and b"text/event-stream" in value for name, value in headers)


@functools.cache
def _affordable() -> int:
    """Half the files that this process may open: the other half is for the database, its own requests and the rest."""
    with contextlib.suppress(ImportError):  # not on Windows
        import resource  # noqa: PLC0415  see above

        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return sys.maxsize if soft == resource.RLIM_INFINITY else max(1, soft // 2)
    return sys.maxsize


def server_config(app: ASGIApp, **options: Any) -> uvicorn.Config:
    """How every server of the project is set up; options as `uvicorn.Config` takes them."""
    return uvicorn.Config(
        app,
        **{
            "http": BoundedHttpProtocol,
            "ws": "none",
            "log_config": None,
            "access_log": False,
            "server_header": False,
            "proxy_headers": False,  # the peer counts: whom X-Forwarded-For names is for its sender to choose
            "timeout_keep_alive": KEEP_ALIVE,
            **options,
        },
    )
