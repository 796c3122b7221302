"""X-Telegram-Bot-Api-Secret-Token: whether Telegram sent a request. Only this module creates an `AuthenticUpdate`.

https://core.telegram.org/bots/api#setwebhook — the header repeats the secret that we registered. Nothing signs the body
and nothing in it names the bot, so this comparison is all there is.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any

from trinity_channels.api import MalformedPayload, Request, SignatureError

HEADER = "x-telegram-bot-api-secret-token"


class AuthenticUpdate(dict[str, Any]):
    """The JSON object of an authentic request."""

    __slots__ = ()


def authenticate(request: Request, secret: str) -> AuthenticUpdate:
    """Compare the secret, then parse the body.

    Raises:
        SignatureError: the secret is missing or another, or there is none to compare with.
        MalformedPayload: authentic, but not a JSON object.
    """
    presented = _presented(request.headers)
    # An empty header must not match an empty secret.
    if not presented:
        raise SignatureError("The request carries no X-Telegram-Bot-Api-Secret-Token.")
    if not secret or not hmac.compare_digest(presented.encode("utf-8", "replace"), secret.encode()):
        raise SignatureError("The request's secret is not the one that was registered with Telegram.")
    try:
        update = json.loads(request.body)
    except (ValueError, RecursionError):
        update = None
    if not isinstance(update, dict):
        raise MalformedPayload("The request holds no update.")
    return AuthenticUpdate(update)


def _presented(headers: Mapping[str, str]) -> str:
    value = headers.get(HEADER)
    if value is None:
        value = next((held for name, held in headers.items() if name.lower() == HEADER), "")
    return value
