"""Our routes: only for principals, the request body has a cap, errors have one shape, whatever app they are mounted in."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message

from trinity_channels.web.auth import Guard
from trinity_channels.web.errors import ERRORS, respond, translate

BODY_LIMIT = 262_144


def api_router(guard: Guard, tag: str, prefix: str = "") -> APIRouter:
    """An empty router of the JSON API; `tag` is its heading in the description."""
    return APIRouter(
        prefix=prefix, route_class=_Route, dependencies=[Depends(guard.principal)], responses=ERRORS, tags=[tag]
    )


class _Route(APIRoute):
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
