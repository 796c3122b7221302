"""Injected misfortunes of a send, as answers."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from datetime import timedelta

import httpx
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from trinity_channels.api.simulator import Fault

BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
# What was taken nevertheless is answered as if it had not been.
_ANSWERED_WITH = {Fault.SERVER_ERROR_AFTER: Fault.SERVER_ERROR}


class Faults:
    """What becomes of the next sends.

    Args:
        refusals: the provider's own answers to `RATE_LIMITED`, `SERVER_ERROR`, `UNAUTHORIZED` and `REFUSED`, and to
            `EXHAUSTED` if it has quotas. What proxies and broken connections do looks the same everywhere.
    """

    def __init__(self, refusals: Mapping[Fault, Response]) -> None:
        self._refusals = {Fault.HTML_ERROR: HTMLResponse(BAD_GATEWAY, 502), Fault.CUT_BEFORE: Cut(), **refusals}
        self._waiting: deque[Fault] = deque()
        self._standing: deque[Fault] = deque()
        self._spared = True

    def inject(self, fault: Fault, times: int) -> None:
        """Let the next `times` sends fail this way.

        Raises:
            LookupError: there is no answer to this fault.
        """
        if _ANSWERED_WITH.get(fault, fault) not in {*self._refusals, Fault.CUT_AFTER, Fault.SLOW}:
            raise LookupError(f"the provider has no answer to {fault.value}")
        self._waiting.extend([fault] * times)

    def forgive(self) -> None:
        """Let all go well from now on, but for the faults that stand."""
        self._waiting.clear()

    def stand(self, fault: Fault, *, on: bool) -> None:
        """Let every second send fail this way, or no longer; where several stand, they take turns.

        Every second one only, so that what is tried again arrives.
        """
        if on != self.stands(fault):
            (self._standing.append if on else self._standing.remove)(fault)
        if not self._standing:
            self._spared = True

    def stands(self, fault: Fault) -> bool:
        """Whether every second send fails this way."""
        return fault in self._standing

    async def meet(
        self, take: Callable[[], Awaitable[Response]], slow_answer: timedelta = timedelta(seconds=20)
    ) -> Response:
        """Answer one send: `take` takes the message, unless the fault whose turn it is refuses it.

        `slow_answer` is how long a `Fault.SLOW` answer takes, unless the client hangs up first.
        """
        fault = self._next()
        # Refused before the message is taken, as the real answers promise.
        if fault is not None and fault in self._refusals:
            return self._refusals[fault]
        # From here on the provider has the message, whatever the client learns.
        answer = await take()
        match fault:
            case Fault.CUT_AFTER:
                return Cut()
            case Fault.SERVER_ERROR_AFTER:
                return self._refusals[Fault.SERVER_ERROR]
            case Fault.SLOW:
                return Late(answer, slow_answer)
            case _:
                return answer

    def _next(self) -> Fault | None:
        if self._waiting:
            return self._waiting.popleft()
        if not self._standing:
            return None
        # Every second send is spared, and the faults that stand take turns with the rest.
        self._spared = not self._spared
        if self._spared:
            return None
        self._standing.rotate(-1)
        return self._standing[-1]


_CUT: ContextVar[bool] = ContextVar("cut", default=False)


def _is_not_meant(record: logging.LogRecord) -> bool:
    return not (_CUT.get() and "without completing response" in record.getMessage())


class Cut(Response):
    """A connection that breaks before the answer is complete, with nothing in it that tells what happened."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- ASGI's signature
        if not has_socket(scope):
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        # Meant, so it is no error that belongs into a log.
        _CUT.set(True)
        logging.getLogger("uvicorn.error").addFilter(_is_not_meant)
        # A server that got no whole body for the announced length closes the connection.
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


class Late(Response):
    """An answer after `delay`, or never if the client hangs up."""

    def __init__(self, late: Response, delay: timedelta) -> None:
        super().__init__()
        self._late = late
        self._delay = delay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not has_socket(scope):
            # Without a socket there is no time-out that could strike, so it strikes here.
            raise httpx.ReadTimeout("The read operation timed out")
        try:
            async with asyncio.timeout(self._delay.total_seconds()):
                while (await receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            await self._late(scope, receive, send)


def has_socket(scope: Scope) -> bool:
    """Whether a server carries this request; `httpx.ASGITransport` does not say which ASGI it speaks."""
    return "spec_version" in scope.get("asgi", {})
