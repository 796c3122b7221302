"""The key at the end of a webhook's address."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field


def digest(key: str) -> str:
    """What a webhook key is looked up by; the key itself is random, so a plain hash hides it."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class WebhookKey:
    """What our webhook's address ends in, and the secret a provider may be asked to send along. Sealed as one record."""

    key: str
    secret: str = field(repr=False)

    @classmethod
    def fresh(cls) -> WebhookKey:
        """A new address."""
        # Two values: the key stands in addresses, and thereby in proxies' logs; the secret never does.
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32))

    @classmethod
    def parse(cls, text: str) -> WebhookKey:
        """The opposite of `str`."""
        # token_urlsafe holds no space.
        key, _, secret = text.partition(" ")
        return cls(key, secret)

    def __str__(self) -> str:
        return f"{self.key} {self.secret}"
