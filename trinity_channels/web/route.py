"""Our routes: for those who may use them, with limited bodies and one shape of errors, whatever app they are mounted in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine
from functools import partial
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.routing import Match, compile_path, get_name
from starlette.types import Message, Scope

from trinity_channels.web.auth import Guard
from trinity_channels.web.errors import ERRORS, SAFE_HEADERS, respond, translate

BODY_LIMIT = 262_144
"""Bytes of a request body; more is answered 413."""
_LENGTH_DIGITS = 15
# Only for the description: the route itself asks the guard, before FastAPI reads the body.
_BEARER = HTTPBearer(
    scheme_name="trinity_channels_token",
    description="A token of an administrator, a user or an agent; `trinity-channels token create` makes them.",
    auto_error=False,
)


def api_router(
    guard: Guard,
    tag: str,
    prefix: str = "",
    *,
    agents_own_key: bool = False,
    admins_only: bool = False,
    most_bytes: int = BODY_LIMIT,
) -> APIRouter:
    """An empty router of the JSON API.

    Routes of an agent, which have `{name}` in their path, are for its owner and administrators.

    Args:
        guard: decides who may use them.
        tag: the heading in the description.
        prefix: of all paths.
        agents_own_key: those of an agent are for the agent itself, too.
        admins_only: those of no agent are for administrators.
        most_bytes: of a request body.
    """
    members, admins, limit = agents_own_key, admins_only, most_bytes

    # A class for each guard: FastAPI makes the routes, and takes nothing but their class.
    class GuardedRoute(LazyRoute):
        gate = guard
        agents_own_key = members
        admins_only = admins
        body_limit = limit

    return APIRouter(
        prefix=prefix, route_class=GuardedRoute, dependencies=[Security(_BEARER)], responses=ERRORS, tags=[tag]
    )


class LazyRoute(APIRoute):
    """A route that FastAPI builds when it is first used or described.

    Reading a signature and building its validators takes a millisecond, for sixty routes that most hosts rarely use.
    """

    gate: ClassVar[Guard]
    agents_own_key: ClassVar[bool]
    admins_only: ClassVar[bool]
    body_limit: ClassVar[int]

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        methods: Collection[str] | None = None,
        **options: Any,
    ) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = name or get_name(endpoint)
        self.methods = {method.upper() for method in methods or ("GET",)}
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self._build: Callable[[], None] | None = partial(
            super().__init__, path, endpoint, name=self.name, methods=self.methods, **options
        )

    def __getattr__(self, name: str) -> Any:
        """Build the route: this is only called for what `__init__` has not set."""
        build = self.__dict__.pop("_build", None)
        if build is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        build()
        return getattr(self, name)

    def only_describe(self) -> None:
        """Stand among an application's routes for their description alone; another route hands over the requests."""
        # Not a method of the class, which the routes of a host that runs alone would pay for.
        self.__dict__["matches"] = _nothing

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                _check_length(request, self.body_limit)
                # Before the body is read: those who may not do it get no answer about its content, and cost no parsing.
                await self._admit(request)
                answer = await handler(_capped(request, self.body_limit))
            except Exception as error:
                refused = translate(error)
                if refused is None:
                    raise
                return respond(refused)
            for name, value in SAFE_HEADERS.items():
                # Also where the surrounding application has none of these.
                answer.headers.setdefault(name, value)
            return answer

        return handle

    async def _admit(self, request: Request) -> None:
        """Let a request in that its sender may make; services ask once more."""
        if "{name}" in self.path:
            admit = self.gate.member if self.agents_own_key else self.gate.owner
            await admit(request, request.path_params["name"])
        elif self.admins_only:
            await self.gate.admin(request)
        else:
            await self.gate.principal(request)


def _nothing(_: Scope) -> tuple[Match, Scope]:
    return Match.NONE, {}


def _check_length(request: Request, most: int) -> None:
    """Refuse a body that is announced to be too large, before anything else costs something."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > _LENGTH_DIGITS or int(announced) > most):
        raise _too_large(most)


def _too_large(most: int) -> HTTPException:
    # an HTTPException, for FastAPI turns every other error while it reads into a 400
    return HTTPException(413, f"The body is larger than {most} bytes.")


def _capped(request: Request, most: int) -> Request:
    size = 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > most:
            raise _too_large(most)
        return message

    # Counted as it arrives: the header may be missing, or a lie.
    return Request(request.scope, receive)
