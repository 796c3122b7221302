"""Signatures that a stranger could make: with a key that is no secret."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from trinity_channels.api import Request
from trinity_channels_contract_tests.extras import Signs

NO_SECRETS = ("", " ", "None", "null", "**********")
"""What an unset or blank secret becomes on its way to a key; the last is how a `SecretStr` shows itself."""


def forged(simulator: Signs, request: Request, key: str) -> Request | None:
    """The request signed with another key than the provider's; None if signing uses no HMAC of Python's."""
    with _every_hmac_with(key.encode()):
        found = simulator.sign(request)
    return None if found.headers == simulator.sign(request).headers else found


@contextmanager
def _every_hmac_with(key: bytes) -> Iterator[None]:
    make, digest = hmac.HMAC.__init__, hmac.digest

    def init(self: hmac.HMAC, _: bytes | bytearray, *arguments: Any, **named: Any) -> None:
        make(self, key, *arguments, **named)

    def digested(_: bytes | bytearray, *arguments: Any, **named: Any) -> bytes:
        return digest(key, *arguments, **named)

    with mock.patch.object(hmac.HMAC, "__init__", init), mock.patch.object(hmac, "digest", digested):
        yield
