"""Our kind of route: its request body has a cap, and its errors have one shape, whatever app it is mounted in."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message

from trinity_channels.web.errors import respond, translate

BODY_LIMIT = 262_144


class ApiRoute(APIRoute):
    """A route of the JSON API."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(_capped(request))
            except Exception as error:
                answer = translate(error)
                if answer is None:
                    raise
                return respond(answer)

        return handle


def _capped(request: Request) -> Request:
    size = 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > BODY_LIMIT:
            # an HTTPException, for FastAPI turns every other error while it reads into a 400
            raise HTTPException(413, f"The body is larger than {BODY_LIMIT} bytes.")
        return message

    return Request(request.scope, receive)
