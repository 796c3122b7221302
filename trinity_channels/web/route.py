"""Our routes: for those who may use them, with limited bodies and one shape of errors, whatever app they are mounted in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response, Security
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


@dataclass(frozen=True, slots=True)
class _Terms:
    """Who may use the routes of a router, and with how much."""

    gate: Guard
    agents_own_key: bool
    admins_only: bool
    most_bytes: int


def api_router(
    guard: Guard,
    tag: str,
    prefix: str = "",
    *,
    agents_own_key: bool = False,
    admins_only: bool = False,
    most_bytes: int = BODY_LIMIT,
) -> Router:
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
    return Router(_Terms(guard, agents_own_key, admins_only, most_bytes), tag, prefix)


class Router:
    """Routes with one heading, and for the same callers.

    Instead of FastAPI's, which gathers everything about a route at once, for ninety routes that most hosts rarely use.

    Attributes:
        routes: in the order in which they were added.
    """

    def __init__(self, terms: _Terms, tag: str, prefix: str) -> None:
        self._terms = terms
        self._tag = tag
        self._prefix = prefix
        self.routes: list[LazyRoute] = []

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route; options as FastAPI takes them."""
        self.routes.append(LazyRoute(self._terms, self._tag, self._prefix + path, endpoint, **options))


class LazyRoute(APIRoute):
    """A route that FastAPI builds when it is first used or described.

    Reading a signature and building its validators takes a millisecond.
    """

    def __init__(
        self,
        terms: _Terms,
        tag: str,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        methods: Collection[str] = ("GET",),
        **options: Any,
    ) -> None:
        self.terms = terms
        self.path = path
        self.endpoint = endpoint
        self.name = name or get_name(endpoint)
        self.methods = set(methods)
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self._left: tuple[str, dict[str, Any]] | None = tag, options

    def __getattr__(self, name: str) -> Any:
        """Build the route: this is only called for what `__init__` has not set."""
        left = self.__dict__.pop("_left", None)
        if left is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        tag, options = left
        super().__init__(
            self.path,
            self.endpoint,
            name=self.name,
            methods=self.methods,
            tags=[tag],
            dependencies=[Security(_BEARER)],
            **{**options, "responses": ERRORS | options.get("responses", {})},
        )
        return getattr(self, name)

    def only_describe(self) -> None:
        """Stand among an application's routes for their description alone; another route hands over the requests."""
        # Not a method of the class, which the routes of a host that runs alone would pay for.
        self.__dict__["matches"] = _nothing

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                _check_length(request, self.terms.most_bytes)
                # Before the body is read: those who may not do it get no answer about its content, and cost no parsing.
                await self._admit(request)
                answer = await handler(_capped(request, self.terms.most_bytes))
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
        terms = self.terms
        if "{name}" in self.path:
            admit = terms.gate.member if terms.agents_own_key else terms.gate.owner
            await admit(request, request.path_params["name"])
        elif terms.admins_only:
            await terms.gate.admin(request)
        else:
            await terms.gate.principal(request)


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
