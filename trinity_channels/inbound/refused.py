"""The answers to requests that are not accepted, and the error that carries one to the webhook's edge."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from trinity_channels.inbound.bodies import closes
from trinity_channels.refusal import error_body


class Refused(Exception):
    """A request is not accepted.

    Attributes:
        outcome: what it is counted as.
        response: what the provider gets.
    """

    def __init__(self, outcome: str, response: Response) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.response = response


def error(status: int, code: str, message: str) -> Response:
    """An answer that says what is wrong."""
    return JSONResponse(error_body(code, message), status)


def gone() -> Response:
    """For an address that was replaced and does not work any more."""
    return error(410, "webhook_retired", "This webhook address was replaced; use the present one.")


def unavailable() -> Response:
    """For a request that could not be stored."""
    return _again("store_unavailable", "The message could not be stored; please send it again.")


def busy() -> Response:
    """For a request that was not read."""
    return _again("busy", "Too many requests are being read; please send it again.")


def unread(request: Request, response: Response) -> Response:
    """The answer to a request whose body was not read: as it would come before the next request, the connection may end."""
    if closes(request):
        response.headers["Connection"] = "close"
    return response


def _again(code: str, message: str) -> Response:
    response = error(503, code, message)
    response.headers["Retry-After"] = "5"
    return response
