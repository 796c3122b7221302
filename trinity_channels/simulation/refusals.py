"""How an API that raises its refusals answers them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

R = TypeVar("R", bound=Exception)


def refusal_handlers(
    kind: type[R], answer: Callable[[R], Response], unknown: Callable[[Request], R]
) -> dict[Any, Callable[[Request, Exception], Awaitable[Response]]]:
    """The exception handlers of a simulator's `Starlette`: how a refusal is answered, wherever it is raised.

    Args:
        kind: what is raised to refuse a call.
        answer: a refusal in the provider's own shape.
        unknown: the refusal of a path or method that the API does not have.
    """

    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, kind)  # noqa: S101 -- registered for this class only
        return answer(error)

    async def missing(request: Request, _: Exception) -> Response:
        return answer(unknown(request))

    return {kind: refused, HTTPException: missing}
