"""One of the host's own requests, and what becomes of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field

ID = "X-Trinity-Channels-Probe"
SIGNATURE = "X-Trinity-Channels-Signature"
# Spaces, repeated names and their order are what proxies change when they rebuild a query.
QUERY = "probe=2&probe=1&text=a%20b%2Bc"
KEY = "probe-"
"""What the keys of probes begin with; those of bindings have no such beginning."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A probe as it arrived at its route."""

    method: str
    scheme: str
    host: str
    query: str
    body: bytes
    signature: str


@dataclass(slots=True)
class Probe:
    """One request to ourselves, and what has become of it.

    Attributes:
        base: the webhook address that it is sent to, without query.
        arrived: how it came to its route.
        strayed: the method and path with which it came to this host where there is no route.
        stored: whether the database took what it brought.
        trouble: why the database did not, empty if it was not asked.
    """

    channel: str
    key: str
    base: str
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    arrived: Arrived | None = None
    strayed: str = ""
    stored: bool = False
    trouble: str = ""

    @property
    def id(self) -> str:
        """What a header names it by, for a proxy may change the address."""
        return id_of(self.key)

    @property
    def url(self) -> str:
        """The address with its query."""
        return f"{self.base}?{QUERY}"

    @property
    def body(self) -> bytes:
        """What it brings."""
        return json.dumps({"probe": self.id}).encode()

    def signature(self, query: str, body: bytes) -> str:
        """What proves that it is ours and unchanged: computed over the configured address, as providers do."""
        return hmac.digest(self.secret, f"{self.base}?{query}\n".encode() + body, "sha256").hex()

    def proof(self) -> str:
        """What proves that the answer comes from this host."""
        return hmac.digest(self.secret, b"answer " + self.id.encode(), "sha256").hex()

    def is_authentic(self) -> bool:
        """Whether it arrived with the signature that fits it."""
        at = self.arrived
        return at is not None and hmac.compare_digest(at.signature.encode(), self.signature(at.query, at.body).encode())


def id_of(key: str) -> str:
    """The id of the probe that is sent to the address with this key."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]
