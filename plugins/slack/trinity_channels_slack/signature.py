"""X-Slack-Signature: whether Slack sent a request, and lately. Only this module creates a `SignedBody`.

https://docs.slack.dev/authentication/verifying-requests-from-slack — HMAC-SHA256 over `v0:<timestamp>:<raw body>`. The
rule is three lines; the official verifier reads the clock itself, and raises on a timestamp or signature that is no
ASCII number or text. It is the oracle of our tests.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import NewType

from trinity_channels.api import Request, SignatureError

WINDOW = 300
"""Seconds that a request may be old, or ahead of our clock."""

SIGNATURE = "x-slack-signature"
TIMESTAMP = "x-slack-request-timestamp"

_TIMESTAMP = re.compile("[0-9]{1,12}")

SignedBody = NewType("SignedBody", bytes)


def authenticate(request: Request, secrets: Sequence[str]) -> SignedBody:
    """Check age and signature, and return the body that they vouch for.

    Raises:
        SignatureError: whatever is wrong, including anything unexpected: an unauthenticated sender learns nothing more.
    """
    try:
        timestamp = _header(request.headers, TIMESTAMP)
        presented = _header(request.headers, SIGNATURE).encode()
        # Compared before the age is looked at: a stranger does not learn whether a timestamp would do.
        matches = any(hmac.compare_digest(_sign(secret, timestamp, request.body), presented) for secret in secrets)
        fresh = _is_fresh(timestamp, request)
    except Exception:  # noqa: BLE001 - no input may turn a check into a 500
        raise SignatureError("The request cannot be read as one that Slack signs.") from None
    if not matches:
        raise SignatureError("The signature does not match the Signing Secret.")
    if not fresh:
        raise SignatureError("The request is older than five minutes, or this machine's clock is wrong.")
    return SignedBody(request.body)


def _sign(secret: str, timestamp: str, body: bytes) -> bytes:
    text = b"v0:" + timestamp.encode() + b":" + body
    return b"v0=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest().encode()


def _is_fresh(timestamp: str, request: Request) -> bool:
    if request.received_at is None or not _TIMESTAMP.fullmatch(timestamp):
        return False
    # In both directions, as Slack's own verifier: a timestamp ahead would stay good for longer than five minutes.
    return abs(request.received_at.timestamp() - int(timestamp)) <= WINDOW


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if value is None:
        value = next((held for key, held in headers.items() if key.lower() == name), "")
    return value
