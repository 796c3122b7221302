"""Every error that crosses the contract.

ChannelError
├── ConfigurationError     the operator's settings cannot work          422 or 400
├── ProviderUnavailable    the provider could not be asked              502
├── NotStored              raised by the host: events were not stored   not acknowledged
├── SignatureError         a request is not from the provider           403
├── MalformedPayload       the provider cannot have sent this           400
└── SendError
    ├── SendRejected       never taken, never will be                   not retried
    ├── SendDeferred       certainly not taken, may be later            retried
    └── SendUnknown        may have been taken                          read back, never replayed blindly
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trinity_channels.api.messages import Failure


class ChannelError(Exception):
    """Base of every error a plugin may raise; `message` is a sentence for people, free of secrets and numbers."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ConfigurationError(ChannelError):
    """The operator's settings cannot work; `field` names the one to change, `refused` says that the provider judged it.

    Answered with 422 when the settings are wrong by themselves, with 400 when the provider refused them; then `message`
    carries the provider's own words.
    """

    def __init__(self, message: str, *, field: str | None = None, refused: bool = False) -> None:
        super().__init__(message)
        self.field = field
        self.refused = refused


class ProviderUnavailable(ChannelError):
    """The provider gave no usable answer (no connection, time-out, 5xx, HTML); nothing was changed. Answered with 502.

    `retry_after` is the pause in seconds that the provider asks for, None if it asks for none: `listen`, `list_missed` for
    catch-up, and `resolve_identity` for the same message are called again after that at the earliest.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotStored(ChannelError):
    """Raised by the host: it could not store what `listen` delivered. The provider is not told that it was received."""


class SignatureError(ChannelError):
    """The request does not prove that the provider sent it. Answered with 403 and diagnosed for the owner."""


class MalformedPayload(ChannelError):
    """The request is authentic, but the provider cannot have meant it: a field it always sends is missing or impossible."""


class SendError(ChannelError):
    """Base of the three outcomes of a send that gave no receipt."""


class SendRejected(SendError):
    """The provider will never take this message (bad address, opted out, credentials refused). Not retried."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class SendDeferred(SendError):
    """The message was certainly not taken; try again after `retry_after` seconds, or when the host thinks fit if None."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SendUnknown(SendError):
    """The message may have been taken (time-out, cut connection, 5xx). The host asks `find_sent` before another attempt."""
