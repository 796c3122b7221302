"""The host's pages in a frame of the demo's page; by themselves they let no one frame them."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NO_ONE = "frame-ancestors 'none'"
_POLICY = "Content-Security-Policy"


class FramedBy:
    """An application whose pages one other page may frame.

    Args:
        app: the application.
        origin: of that page; with `localhost` in place of an address, too.
    """

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self._app = app
        self._allowed = f"frame-ancestors 'self' {origin} {origin.replace('127.0.0.1', 'localhost')}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def allowing(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if _NO_ONE in (policy := headers.get(_POLICY, "")):
                    headers[_POLICY] = policy.replace(_NO_ONE, self._allowed)
                    # It knows no list of origins, and would forbid the frame again.
                    del headers["X-Frame-Options"]
            await send(message)

        await self._app(scope, receive, allowing)
