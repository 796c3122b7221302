"""What an API says went wrong: the error objects of OpenAI and of the servers that imitate it, read with tolerance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

# A conflict means that the same Idempotency-Key is being worked on: an earlier attempt of this turn still runs there.
_TRANSIENT_STATUS = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}
# Words within codes such as rate_limit_exceeded, overloaded_error, ThrottlingException, RESOURCE_EXHAUSTED.
# https://platform.openai.com/docs/guides/error-codes, https://docs.anthropic.com/en/api/errors,
# https://cloud.google.com/apis/design/errors, https://api-docs.deepseek.com/quick_start/error_codes
_TRANSIENT = re.compile(
    r"rate_?limit|too_many|throttl|overload|capacity|busy|time_?d?_?out|unavailable|resource_?exhausted|bad_gateway"
    r"|(?:server|internal|network|upstream|provider|api)_error|internal(?:_failure)?$|connect|temporar|try_again|loading"
    r"|system_resource|concurren|deadline_exceeded|abort"
)
# Sent with 429 as well, but waiting does not help: the account has to be paid for.
_SPENT = re.compile(r"quota|billing|balance|credit|payment|insufficient_funds|spend")
_WORDS = ("message", "msg", "detail", "error_description", "description", "title", "error")
_HINTS = ("retry_after", "retry-after", "retryAfter", "retry_after_seconds", "retryDelay")


@dataclass(frozen=True, slots=True)
class Problem:
    """One error as an API told it.

    Attributes:
        text: in the API's own words, which may hold secrets and what a person wrote.
        status: an HTTP status, if the error names one.
        labels: its code and type as lower-case words with underscores, the most telling first.
        hints: headers about a pause that the error object carries itself.
    """

    text: str = field(default="", repr=False)
    status: int | None = None
    labels: tuple[str, ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)

    def is_transient(self, status: int | None = None) -> bool:
        """Whether trying again may help; `status` is that of the answer, if it was not a success."""
        # Before the status: an empty account comes as 429 too, and would be tried again for hours.
        if any(_SPENT.search(one) and not _TRANSIENT.search(one) for one in self.labels):
            return False
        status = status or self.status
        if status is not None:
            return status in _TRANSIENT_STATUS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return any(map(_TRANSIENT.search, self.labels or (label(self.text),)))


def problem_in(document: object) -> Problem | None:
    """The error that a JSON document describes; None if it describes none."""
    if isinstance(document, list):  # Gemini's API answers with a list
        document = document[0] if document else None
    if not isinstance(document, dict):
        return None
    error, errors = document.get("error"), document.get("errors")
    if isinstance(error, str) and error:
        return _problem({"message": error, **document, "reason": error})
    if isinstance(error, dict) and any(error.values()):  # some servers always send one, with nothing in it
        return _problem({**document, **error})
    if isinstance(errors, list) and errors and isinstance(errors[0], dict) and "choices" not in document:
        return _problem(errors[0])
    if document.get("object") == "error" or document.get("type") == "error":
        return _problem(document)
    return None


def said_in(document: object) -> Problem:
    """What the document of an answer that was not a success says, whatever it looks like."""
    if isinstance(document, str):
        return Problem(document)
    return problem_in(document) or (_problem(document) if isinstance(document, dict) else Problem())


def label(value: object) -> str:
    """A code in one spelling: `RateLimitExceeded`, `RATE_LIMIT_EXCEEDED` and `Rate limit exceeded` are the same."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(value)[:100]).lower()
    return re.sub(r"[^a-z0-9]+", "_", text).strip("_")


def _problem(error: Mapping[Any, Any]) -> Problem:
    codes = [error.get(name) for name in ("code", "type", "status", "status_code", "reason")]
    metadata = error.get("metadata")
    more = metadata if isinstance(metadata, dict) else {}
    upstream = more.get("raw")  # OpenRouter: what the provider behind it said
    text = _words(error) + (f": {upstream}" if isinstance(upstream, str) and upstream else "")
    return Problem(
        text=text,
        status=next((number for number in map(_status, codes) if number), None),
        labels=tuple(label(code) for code in codes if isinstance(code, str) and code),
        hints=_hints(error, more),
    )


def _words(error: Mapping[Any, Any]) -> str:
    for name in _WORDS:
        match error.get(name):
            case str(text) if text:
                return text
            case dict(inner) if inner:
                return _words(inner)
            case [dict(first), *_]:  # FastAPI's validation errors
                return _words(first)
    return ""


def _status(code: object) -> int | None:
    if isinstance(code, bool) or not isinstance(code, int | float | str):
        return None
    # With two more digits as FastChat numbers its errors: 42901, 50002.
    found = re.fullmatch(r"([45]\d\d)(?:\d\d|\.0)?", str(code))
    return int(found[1]) if found else None


def _hints(error: Mapping[Any, Any], metadata: Mapping[Any, Any]) -> dict[str, str]:
    headers = metadata.get("headers")
    found = {str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
    details = error.get("details")
    places: Iterable[Any] = [error, metadata, *(details if isinstance(details, list) else ())]
    for place in places:
        for name in _HINTS:
            if isinstance(place, dict) and isinstance(value := place.get(name), int | float | str):
                found.setdefault("retry-after", str(value))
    return found
