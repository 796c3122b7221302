"""The one table from our errors to HTTP: every error answers `{code, message, field?}` and quotes no input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from trinity_channels.api import ChannelError, ConfigurationError, ProviderUnavailable
from trinity_channels.bindings.vault import VaultError
from trinity_channels.store import StoreError

log = structlog.get_logger(__name__)

_REFUSED = 400
_WRONG = 422


class ApiError(Exception):
    """An answer that is not a success. `retry_after` in seconds; `extra` adds fields of this error's own."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        retry_after: int | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"code": code, "message": message, **(extra or {})}
        if field:
            self.body["field"] = field
        self.headers = {"Retry-After": str(retry_after)} if retry_after is not None else None


def not_found() -> ApiError:
    """The uniform answer for a missing and a foreign agent: nobody learns which agents exist."""
    return ApiError(404, "agent_not_found", "There is no such agent, or it is not yours.")


def install(app: FastAPI) -> None:
    """Answer every error of this app in the one shape."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(ConfigurationError, _configuration)
    app.add_exception_handler(ProviderUnavailable, _unavailable)
    app.add_exception_handler(ChannelError, _channel)
    app.add_exception_handler(VaultError, _vault)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(HTTPException, _http)


def problem(status: int, code: str, message: str, field: str | None = None) -> JSONResponse:
    """One error as a response."""
    body = {"code": code, "message": message}
    if field:
        body["field"] = field
    return JSONResponse(body, status)


async def _api_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)  # noqa: S101  registered for this type
    return JSONResponse(error.body, error.status, headers=error.headers)


async def _validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for this type
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if part not in ("body", "query", "path", "header")]
    if first["type"] == "json_invalid":
        return problem(_WRONG, "invalid_json", "The body is not valid JSON.")
    field = ".".join(place) or None
    return problem(_WRONG, "invalid_input", str(first["msg"]), field)


async def _configuration(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ConfigurationError)  # noqa: S101  registered for this type
    if error.refused:
        return problem(_REFUSED, "refused_by_provider", error.message, error.field)
    return problem(_WRONG, "invalid_settings", error.message, error.field)


async def _unavailable(_: Request, error: Exception) -> JSONResponse:
    return problem(502, "provider_unavailable", str(error))


async def _channel(_: Request, error: Exception) -> JSONResponse:
    return problem(_REFUSED, "refused_by_provider", str(error))


async def _vault(_: Request, error: Exception) -> JSONResponse:
    log.error("vault", error=str(error))
    return problem(503, "vault_locked", str(error))


async def _store(_: Request, error: Exception) -> JSONResponse:
    log.error("store", error=str(error))
    return problem(503, "store_unavailable", "The database cannot be used at the moment.")


_CODES = {401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this type
    response = problem(error.status_code, _CODES.get(error.status_code, "http_error"), str(error.detail))
    response.headers.update(error.headers or {})
    return response
