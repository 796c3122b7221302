"""The one table from our errors to HTTP: every error answers `{code, message, detail, field?}` and quotes no input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from trinity_channels.api import ChannelError, ConfigurationError, ProviderUnavailable
from trinity_channels.crypto.vault import VaultError
from trinity_channels.observability.log import get_logger
from trinity_channels.refusal import Refusal, error_body
from trinity_channels.store import StoreError

log = get_logger(__name__)

STATUSES = {
    "account_in_use": 409,
    "agent_key_not_allowed": 403,
    "agent_name_taken": 409,
    "agent_not_found": 404,
    "already_decided": 409,
    "already_shared": 409,
    "blocked": 403,
    "body_too_large": 413,
    "cannot_list": 409,
    "cannot_set_webhook": 409,
    "channel_unavailable": 409,
    "client_not_found": 404,
    "conversation_not_found": 404,
    "delivery_not_found": 404,
    "disconnected": 409,
    "duplicate": 409,
    "empty_text": 422,
    "erased": 409,
    "expired_link": 410,
    "forbidden": 403,
    "import_refused": 422,
    "internal_error": 500,
    "invalid_input": 422,
    "invalid_json": 422,
    "invalid_link": 404,
    "invalid_settings": 422,
    "invalid_settings_file": 422,
    "message_not_found": 404,
    "method_not_allowed": 405,
    "no_address": 409,
    "no_public_url": 409,
    "not_connected": 404,
    "not_failed": 409,
    "not_found": 404,
    "not_opted_in": 403,
    "recipient_suspended": 403,
    "not_reloadable": 409,
    "not_shared": 404,
    "opted_out": 403,
    "platform_refused": 502,
    "platform_unavailable": 503,
    "provider_unavailable": 502,
    "rate_limited": 429,
    "recipient_not_linked": 404,
    "refused_by_provider": 400,
    "request_not_found": 404,
    "role_unassigned": 422,
    "self_share": 400,
    "since_required": 422,
    "store_unavailable": 503,
    "test_message": 409,
    "token_not_found": 404,
    "too_many_links": 429,
    "too_many_tests": 429,
    "too_many_wrong_tokens": 429,
    "turn_not_found": 404,
    "unauthorized": 401,
    "unknown_channel": 422,
    "used_link": 410,
    "vault_locked": 503,
    "webhook_elsewhere": 409,
    "no_webhook": 409,
    "window_closed": 409,
}
"""The one table from the codes of errors to HTTP. No `Refusal` of a service, and no handler, names a status itself."""
_HTTP_CODES = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
}
"""The code of what the framework refuses, by its status."""
SAFE_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
"""For every answer of the API: it is what it says it is, and no browser or proxy keeps it."""


class ErrorAnswer(BaseModel):
    """What every error answers. `code` is stable, `message` is for people, some codes come with fields of their own."""

    model_config = ConfigDict(extra="allow")

    code: str
    message: str
    detail: str = Field(description="The same as `message`, where clients of the platform look for it")
    field: str = Field("", description="The input that is to blame; left out if none is")


ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorAnswer, "description": "The request cannot be served"},
    "5XX": {"model": ErrorAnswer, "description": "The provider, the database or an encryption key is out of reach"},
}
"""For the description of every router."""


class ErrorResponse:
    """An answer that is not a success. `status` where the table has none; `retry_after` in seconds; `extra` adds fields."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        field: str | None = None,
        retry_after: int | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        self.status = status or STATUSES[code]
        self.body = {**error_body(code, message), **(extra or {})}
        if field:
            self.body["field"] = field
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}


def translate(error: Exception) -> ErrorResponse | None:
    """The answer to an error, None if it is a bug."""
    match error:
        case RequestValidationError():
            return _invalid(error)
        case Refusal():
            return _refused(error)
        # A plugin's messages are written for owners, and name no secret by contract.
        case ChannelError():
            return _of_plugin(error)
        case VaultError():
            # The caller cannot repair this, the operator can.
            log.error("vault locked", reason=str(error))
            return ErrorResponse("vault_locked", str(error))
        case StoreError():
            log.error("store unavailable", reason=str(error))
            return ErrorResponse("store_unavailable", "The database cannot be used at the moment.")
        case HTTPException():
            return _http(error)
        case _:
            return None


def _refused(error: Refusal) -> ErrorResponse:
    wait = error.retry_after
    answer = ErrorResponse(
        error.code,
        error.message,
        field=error.field or None,
        # Rounded up: a client that comes back a moment too early is refused once more.
        retry_after=None if wait is None else max(1, ceil(wait.total_seconds())),
        extra=error.extra,
    )
    if answer.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _of_plugin(error: ChannelError) -> ErrorResponse:
    match error:
        case ConfigurationError(refused=False):
            return ErrorResponse("invalid_settings", error.message, field=error.field)
        case ConfigurationError():
            return ErrorResponse("refused_by_provider", error.message, field=error.field)
        case ProviderUnavailable():
            return ErrorResponse("provider_unavailable", error.message)
        case _:
            return ErrorResponse("refused_by_provider", error.message)


def _http(error: HTTPException) -> ErrorResponse:
    if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI gave up: nested too deeply, or a number too long
        return _no_json()
    code = _HTTP_CODES.get(error.status_code, "http_error")
    answer = ErrorResponse(code, str(error.detail), status=error.status_code)
    answer.headers = dict(error.headers or {})
    return answer


def _invalid(error: RequestValidationError) -> ErrorResponse:
    # One at a time, without the input: it may hold a secret.
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return _no_json()
    if first["loc"] == ("body",) and first["type"] != "value_error":
        return ErrorResponse("invalid_input", "Send a JSON object, with Content-Type: application/json.")
    # Where FastAPI found it means nothing to the caller.
    place = [str(part) for part in first["loc"] if part not in ("body", "query", "path", "header")]
    message = str(first["msg"]).removeprefix("Value error, ")
    return ErrorResponse("invalid_input", message, field=".".join(place) or None)


def _no_json() -> ErrorResponse:
    return ErrorResponse("invalid_json", "The body is not valid JSON.")


def respond(error: ErrorResponse) -> JSONResponse:
    """An error as a response."""
    return JSONResponse(error.body, error.status, headers=SAFE_HEADERS | error.headers)


class NoRoute:
    """What a host that runs alone answers where it has no route; `strayed` is told of each such request.

    People get the page that `page` makes, programs JSON.
    """

    def __init__(self, strayed: Callable[[Request], object], page: Callable[[Request], Response]) -> None:
        self._strayed = strayed
        self._page = page

    async def __call__(self, request: Request, error: Exception) -> Response:
        """Answer one request."""
        # A probe of ours may have arrived here, with a path that a proxy has changed.
        self._strayed(request)
        answer = translate(error)
        assert answer is not None  # noqa: S101  registered for HTTPException
        if answer.status == HTTPStatus.NOT_FOUND and _is_a_person(request):
            return self._page(request)
        return respond(answer)


def _is_a_person(request: Request) -> bool:
    """Whether a browser asks for a page; the paths of the API are never pages."""
    asks = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    return asks and not request.url.path.startswith("/api/")


async def fault(_: Request, _error: Exception) -> JSONResponse:
    """What a host that runs alone answers where it is at fault itself; the server logs the rest."""
    return respond(ErrorResponse("internal_error", "This is a fault of the host; its log says more."))
