"""What Twilio's answers mean: a JSON object, or one of three errors."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from twilio.http.response import Response  # type: ignore[import-untyped]  # twilio ships no types

from trinity_channels.api import retry_after
from trinity_channels.api.http import Answer, CallError, NoAnswer
from trinity_channels_whatsapp.fields import Fields, number, text


class RefusedError(CallError):
    """Twilio answered with an error; `code` is its own, or the HTTP status where the answer had none."""

    def __init__(self, status: int, code: int, words: str, *, retry_after: float | None) -> None:
        # This text is logged; Twilio's own words are kept apart, because they quote numbers ("The 'To' number
        # … is not valid").
        super().__init__(f"Twilio answered HTTP {status} (code {code})")
        self.status = status
        self.code = code
        self.words = words
        self.retry_after = retry_after


def object_of(answer: Response, now: datetime) -> Fields:
    """Read the object that a call was answered with.

    An error has Twilio's shape (https://www.twilio.com/docs/usage/twilios-response#response-formats-exceptions), that of
    RFC 9457, or is not JSON at all, when something between answered.

    Raises:
        RefusedError: it is an error.
        NoAnswer: it is not an object.
    """
    body = Answer(answer.status_code, answer.headers, answer.text.encode()).fields
    if not HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
        error = body or {}
        raise RefusedError(
            answer.status_code,
            number(error, "code") or answer.status_code,
            text(error, "message") or ": ".join(filter(None, (text(error, "title"), text(error, "detail")))),
            retry_after=retry_after(answer.headers, now),
        )
    if body is None:
        raise NoAnswer(f"HTTP {answer.status_code} without a JSON object")
    return body
