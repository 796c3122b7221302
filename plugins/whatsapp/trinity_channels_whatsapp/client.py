"""Twilio's official client, opened for one binding and one call; and what its many kinds of failure mean.

The client reads TWILIO_REGION and TWILIO_EDGE from the environment of whoever runs us, and parses answers without
checking them. So it gets an environment of its own, and whatever it raises is translated here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
from twilio.base.exceptions import (  # type: ignore[import-untyped]  # twilio ships no types
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.base.version import Version  # type: ignore[import-untyped]  # twilio ships no types
from twilio.http.response import Response  # type: ignore[import-untyped]  # twilio ships no types
from twilio.rest import Client  # type: ignore[import-untyped]  # twilio ships no types

from trinity_channels.api import ChannelError, ConfigurationError, Context, ProviderUnavailable
from trinity_channels_whatsapp.settings import WhatsAppSettings
from trinity_channels_whatsapp.transport import Transport

CALL_DEADLINE = 25.0
"""Seconds for one call altogether: pool, connection, and an answer that trickles in."""

_MAX_WORDS = 300
# Never empty: an empty mapping makes the client read os.environ after all.
_NO_ENVIRONMENT = {"TWILIO_EDGE": "", "TWILIO_REGION": ""}
_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})

T = TypeVar("T")


def open_client(
    settings: WhatsAppSettings, ctx: Context, *, deadline: float = CALL_DEADLINE, only_first_token: bool = False
) -> tuple[Any, Transport]:
    """Open a client (10 µs, nothing is sent), with its transport, which knows what the client forgets."""
    spare = None if only_first_token else settings.auth_token_secondary
    transport = Transport(ctx, deadline=deadline, spare=spare.get_secret_value() if spare else None)
    client = Client(
        settings.account_sid,
        settings.auth_token.get_secret_value(),
        http_client=transport,
        environment=_NO_ENVIRONMENT,
    )
    return client, transport


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that Twilio answered with; `code` is Twilio's, or the HTTP status where the answer had none."""

    status: int
    code: int
    words: str


def refusal_of(error: Exception) -> Refusal | None:
    """Read Twilio's own error, in any of its three shapes; None for a fault of the network or of an answer."""
    if isinstance(error, TwilioException) and len(error.args) > 1 and isinstance(error.args[1], Response):
        # A list that fails is a bare TwilioException with the whole answer inside.
        error = Version.exception("GET", "", error.args[1], "Unable to fetch page")
    if isinstance(error, TwilioServiceException):
        words = f"{error.title}: {error.detail}" if error.detail else str(error.title)
    elif isinstance(error, TwilioRestException):
        # The library puts "Unable to fetch record: " before Twilio's words.
        words = str(error.msg).partition(": ")[2]
    else:
        return None
    status = _number(error.status) or HTTPStatus.INTERNAL_SERVER_ERROR
    return Refusal(status, _number(error.code) or status, words)


def was_not_sent(error: Exception) -> bool:
    """Tell whether a call certainly never left: there was no connection to send it over."""
    return isinstance(
        error,
        httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.UnsupportedProtocol | httpx.InvalidURL,
    )


async def read(call: Awaitable[T], settings: WhatsAppSettings) -> T:
    """Await a call that changes nothing.

    Raises:
        ConfigurationError: Twilio refused the credentials; in its own words.
        ProviderUnavailable: anything else.
    """
    try:
        return await call
    except ChannelError:
        raise
    except Exception as error:  # noqa: BLE001 - the library raises whatever its parser stumbles over
        # Not chained: the cause's text may hold numbers.
        raise _reading_error(error, settings) from None


def _reading_error(error: Exception, settings: WhatsAppSettings) -> ConfigurationError | ProviderUnavailable:
    refusal = refusal_of(error)
    if refusal is None:
        what = "could not be reached" if isinstance(error, httpx.HTTPError | OSError) else "gave no usable answer"
        return ProviderUnavailable(f"Twilio {what} ({type(error).__name__}). Try again in a moment.")
    # A 403 or 404 without words is a page of some proxy, which judges no credentials.
    if refusal.status not in _REFUSED or not (refusal.words or refusal.status == HTTPStatus.UNAUTHORIZED):
        return ProviderUnavailable(
            f"Twilio answered HTTP {refusal.status} (code {refusal.code}). Try again in a moment."
        )
    words = refusal.words or HTTPStatus(refusal.status).phrase
    return ConfigurationError(
        f"Twilio refused the credentials (code {refusal.code}): {_without_secrets(words, settings)[:_MAX_WORDS]}."
        " Check the Account SID and re-copy the Auth Token from the Twilio Console: it resets when somebody clicks"
        " regenerate there.",
        field="auth_token",
        refused=True,
    )


def _without_secrets(words: str, settings: WhatsAppSettings) -> str:
    for token in settings.signing_tokens:
        words = words.replace(token, "…")
    return words.rstrip(".")


def _number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0


async def rows(page: Any, *, pages: int) -> AsyncGenerator[Any, None]:
    """Walk a list over at most so many pages.

    Raises:
        ProviderUnavailable: there is more; whoever must know that something is absent cannot conclude it.
    """
    while True:
        for row in page:
            yield row
        pages -= 1
        if not page.next_page_url:
            return
        if pages <= 0:
            raise ProviderUnavailable("Twilio lists more messages than can be looked through.")
        page = await page.next_page_async()
