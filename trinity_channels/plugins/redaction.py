"""Takes a binding's secrets out of what its plugin says to people, in errors, findings and events.

They carry the provider's own words, and a provider, or a proxy in front of it, may repeat the request that it refuses,
with the credentials in it. From there they would go to logs, pages, alerts, and the database, unencrypted.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator
from dataclasses import replace
from urllib.parse import quote

from pydantic import BaseModel, SecretStr

from trinity_channels.api import (
    Binding,
    BindingState,
    ChannelError,
    Event,
    Failure,
    Ignored,
    Inbound,
    Malformed,
    ReceiptReceived,
    SendRejected,
    Verification,
)
from trinity_channels.observability.masking import HIDDEN, mask_credentials

_SHORTEST = 6
"""Characters; credentials of providers are not shorter, and replacing such a value would make sentences unreadable."""


def redact_error(error: ChannelError, source: Binding | BaseModel | None) -> None:
    """Change an error's texts; `source` has the secrets that its hook was given."""
    secrets = _secrets(source)
    error.message = _redacted(error.message, secrets)
    _redact_words(error, secrets)
    if isinstance(error, SendRejected) and isinstance(error.failure, Failure):
        error.failure = replace(error.failure, message=_redacted(error.failure.message, secrets))


def redacted(found: Verification, source: Binding) -> Verification:
    """The same findings without the binding's secrets in their texts."""
    secrets = _secrets(source)
    checks = [
        replace(one, message=_redacted(one.message, secrets), fix=_redacted(one.fix, secrets)) for one in found.checks
    ]
    return replace(found, checks=tuple(checks))


def redacted_events(found: Inbound, source: Binding) -> Inbound:
    """The same events without the binding's secrets in what the plugin says; the words of people stay as they are."""
    if not any(_says_something(event) for event in found.events):
        return found  # nearly always, and then nothing is to be looked up
    secrets = _secrets(source)
    return replace(found, events=tuple(_redacted_event(event, secrets) for event in found.events))


def _says_something(event: Event) -> bool:
    match event:
        case BindingState() | Malformed():
            return True
        case Ignored():  # its kind is a word of the plugin's
            return bool(event.detail)
        case ReceiptReceived():
            return event.failure is not None
        case _:
            return False


def _redacted_event(event: Event, secrets: Collection[str]) -> Event:
    match event:
        case BindingState():
            code, message, fix = (_redacted(one, secrets) for one in (event.code, event.message, event.fix))
            return replace(event, code=code, message=message, fix=fix)
        case Malformed():
            if event.cause is not None:
                _redact_words(event.cause, secrets)
            return replace(event, reason=_redacted(event.reason, secrets))
        case Ignored():
            return replace(event, detail=_redacted(event.detail, secrets))
        case ReceiptReceived(failure=Failure() as failure):
            return replace(event, failure=replace(failure, message=_redacted(failure.message, secrets)))
        case _:
            return event


def _redact_words(error: Exception, secrets: Collection[str]) -> None:
    error.args = tuple(_redacted(one, secrets) if isinstance(one, str) else one for one in error.args)


def _redacted(text: object, secrets: Collection[str]) -> str:
    # A plugin may give anything for a text.
    shown = str(text)
    for secret in secrets:
        shown = shown.replace(secret, HIDDEN)
    return mask_credentials(shown)


def _secrets(source: Binding | BaseModel | None) -> list[str]:
    """The longest first, since one may be part of another."""
    return sorted(set(_spellings(source)), key=len, reverse=True)


def _spellings(source: Binding | BaseModel | None) -> Iterator[str]:
    """Each secret as it is, as part of an address, and as the password of basic authentication."""
    settings = source.settings if isinstance(source, Binding) else source
    # By its instance: a validator may have made another value of a field than its annotation says.
    values = list(vars(settings).values()) if isinstance(settings, BaseModel) else []
    secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    if isinstance(source, Binding):
        secrets.append(source.webhook_secret.get_secret_value())
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            yield from (secret, quote(secret, safe=""), quote(secret))
            for user in values:
                if isinstance(user, str):
                    yield base64.b64encode(f"{user}:{secret}".encode()).decode()
