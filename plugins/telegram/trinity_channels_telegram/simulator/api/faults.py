"""Injected misfortunes of a send, as answers."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from trinity_channels.api import Fault
from trinity_channels_telegram.simulator.problems import Problem, answer, too_many

BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def has_socket(scope: Scope) -> bool:
    """Whether a server carries this request; `httpx.ASGITransport` does not say which ASGI it speaks."""
    return "spec_version" in scope.get("asgi", {})


class Cut(Response):
    """A connection that breaks before the answer is complete, with nothing in it that tells what happened."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- ASGI's signature
        if not has_socket(scope):
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
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


def refusal(fault: Fault | None) -> Response | None:
    """The answer to a send that is not taken; None if it is."""
    match fault:
        case Fault.RATE_LIMITED:
            return answer(too_many(1))
        case Fault.SERVER_ERROR:
            return answer(Problem(500, "Internal Server Error: restart"))
        case Fault.UNAUTHORIZED:
            return answer(Problem(401, "Unauthorized"))
        case Fault.HTML_ERROR:
            return HTMLResponse(BAD_GATEWAY, 502)
        case Fault.CUT_BEFORE:
            return Cut()
        case _:
            return None


def spoil(fault: Fault | None, response: Response, slow: timedelta) -> Response:
    """What becomes of the answer to a send that was taken."""
    match fault:
        case Fault.CUT_AFTER:
            return Cut()
        case Fault.SLOW:
            return Late(response, slow)
        case _:
            return response
