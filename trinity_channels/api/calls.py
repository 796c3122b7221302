"""How a call of a provider can give no result. The names are those of `api.http`, where plugins find them."""

from __future__ import annotations

from trinity_channels.api.fields import Fields


class CallError(Exception):
    """A call gave no result. The text has no addresses, secrets or words of people: it may be logged and shown."""


class NotSent(CallError):
    """The provider has certainly not taken it: there was no connection, or something redirects to another address."""


class NoAnswer(CallError):
    """The provider may have taken it: cut off, timed out, a 5xx, or an answer that says nothing."""


class Refused(CallError):
    """The provider answered with an error: a 4xx other than 408. `retry_after` is the pause in seconds, if it asks for one.

    `body` is the answer's JSON object, empty if it has none: for the provider's own code and words.
    """

    def __init__(self, status: int, body: Fields, *, retry_after: float | None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body
        self.retry_after = retry_after
