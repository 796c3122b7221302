"""A refused call, in the Bot API's own shape. https://core.telegram.org/bots/api#making-requests."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

from trinity_channels.simulation import refusal_handlers


class Problem(Exception):
    """A refusal: code, description, and the parameters that help to handle it."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(code, description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(words: str, **parameters: int) -> Problem:
    """A 400 in Telegram's words."""
    return Problem(HTTPStatus.BAD_REQUEST, f"Bad Request: {words}", **parameters)


def forbidden(words: str) -> Problem:
    """A 403 in Telegram's words."""
    return Problem(HTTPStatus.FORBIDDEN, f"Forbidden: {words}")


def too_many(seconds: int) -> Problem:
    """A 429 with its pause."""
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def answer(problem: Problem) -> JSONResponse:
    """The refusal as an answer; a pause stands in a header too."""
    body: dict[str, Any] = {"ok": False, "error_code": problem.code, "description": problem.description}
    if problem.parameters:
        body["parameters"] = problem.parameters
    pause = problem.parameters.get("retry_after")
    return JSONResponse(body, problem.code, headers=None if pause is None else {"Retry-After": str(pause)})


def handlers() -> dict[Any, Any]:
    """How Starlette answers refusals, those of unknown paths and methods too."""
    return refusal_handlers(Problem, answer, lambda _: Problem(HTTPStatus.NOT_FOUND, "Not Found"))
