"""What services raise when they refuse: a stable code and a sentence for people, and nothing of HTTP.

`web/errors.py` has the one table from codes to status codes. Subclasses exist where a caller has to tell them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta


def error_body(code: str, message: str) -> dict[str, object]:
    """What an error answers as JSON; `detail` repeats the sentence for clients and panels of the platform."""
    return {"code": code, "message": message, "detail": message}


class Refusal(Exception):
    """An operation that a service refuses.

    Attributes:
        code: stable, for programs.
        message: what is wrong and what to do, for people.
        field: the input that is to blame, empty if none is.
        retry_after: how long to wait before trying again, where waiting helps.
        extra: further fields of this refusal's own.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str = "",
        retry_after: timedelta | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.retry_after = retry_after
        self.extra = extra or {}


class Unavailable(Refusal):
    """What has to be asked first cannot be asked at present, so nothing is done; what waits in chats is tried again."""
