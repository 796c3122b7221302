"""Request bodies are read with a cap, so that nobody fills the memory."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message

from trinity_channels.web.errors import ApiError, problem

BODY_LIMIT = 262_144


class LimitedRoute(APIRoute):
    """A route whose request body ends at the cap with 413."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def limited(request: Request) -> Response:
            size = 0
            receive = request.receive

            async def counted() -> Message:
                nonlocal size
                message = await receive()
                size += len(message.get("body", b""))
                if size > BODY_LIMIT:
                    raise _TooLarge
                return message

            try:
                return await handler(Request(request.scope, counted))
            except _TooLarge:
                return problem(413, "body_too_large", f"The body is larger than {BODY_LIMIT} bytes.")

        return limited


class _TooLarge(ApiError):
    def __init__(self) -> None:
        super().__init__(413, "body_too_large", f"The body is larger than {BODY_LIMIT} bytes.")
