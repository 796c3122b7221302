"""Links with which an owner decides about one access request without signing in; the owner's mail carries them.

A link is good for one request as it was asked at one time, for one owner and for seven days. Once the request is decided
it decides nothing, also when the person asks again. It lies below the webhooks' path, which is all of this host that a
tunnel lets through.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.crypto.vault import Vault
from trinity_channels.refusal import Refusal
from trinity_channels.store.access import AccessRequest
from trinity_channels.store.clock import micros, moment

LASTS = timedelta(days=7)
"""As long as messages of people who wait are held."""
SEGMENT = "decide"
"""Stands between the webhooks' path and the token; a webhook's key is one segment alone."""
_PURPOSE = "decision link"
# Fixed width: no two sets of claims have the same bytes to sign.
_CLAIMS = struct.Struct(">QQQ16s")
_SIGNATURE_BYTES = 32


class InvalidLink(Refusal):
    """The token was not made here, or the encryption key that it was signed with is gone."""

    def __init__(self) -> None:
        super().__init__(
            "invalid_link",
            "It may be incomplete. Copy the whole link from the mail, or decide on the agent's Sharing page.",
        )


@dataclass(frozen=True, slots=True)
class Claims:
    """What a link says: the request, when that was made, until when the link is good, and for which owner."""

    request: int
    requested_at: datetime
    expires_at: datetime
    owner: bytes

    @classmethod
    def of(cls, request: AccessRequest, owner: str, now: datetime) -> Self:
        """The claims of a new link."""
        return cls(request.id, request.requested_at, now + LASTS, _fingerprint(owner))

    def is_for(self, owner: str | None) -> bool:
        """Whether this e-mail is the owner's that the link was sent to."""
        return owner is not None and hmac.compare_digest(self.owner, _fingerprint(owner))

    def packed(self) -> bytes:
        """What is signed."""
        return _CLAIMS.pack(self.request, micros(self.requested_at), micros(self.expires_at), self.owner)

    @classmethod
    def unpacked(cls, data: bytes) -> Self:
        """The opposite of `packed`."""
        request, requested_at, expires_at, owner = _CLAIMS.unpack(data)
        return cls(request, moment(requested_at), moment(expires_at), owner)


class DecisionLinks:
    """Makes and reads them; the vault's keys sign, the newest first, and each key of the ring is good for reading."""

    def __init__(
        self, vault: Vault, address: PublicAddress, channels: Collection[str], now: Callable[[], datetime]
    ) -> None:
        self._vault = vault
        self._address = address
        self._channels = channels
        self._now = now

    def url(self, request: AccessRequest, owner: str) -> str | None:
        """The link for one request, None while there is no public address or no channel to reach it through."""
        # The plugin of the request's channel may have been removed since; any other webhook path leads here as well.
        channel = request.channel if request.channel in self._channels else next(iter(self._channels), None)
        if channel is None:
            return None
        return self._address.webhook(channel, f"{SEGMENT}/{self._token(Claims.of(request, owner, self._now()))}")

    def read(self, token: str) -> Claims:
        """What a link says, whether or not its time is over.

        Raises:
            InvalidLink: it is not one of ours.
        """
        data = _decoded(token)
        packed, signature = data[: _CLAIMS.size], data[_CLAIMS.size :]
        # Unpacking would fail on any other length.
        if len(data) != _CLAIMS.size + _SIGNATURE_BYTES:
            raise InvalidLink
        expected = [bytes.fromhex(one) for one in self._vault.digests(packed.hex(), purpose=_PURPOSE)]
        if not any(hmac.compare_digest(signature, one) for one in expected):
            raise InvalidLink
        return Claims.unpacked(packed)

    def has_expired(self, claims: Claims) -> bool:
        """Whether the time of a link is over."""
        return self._now() >= claims.expires_at

    def _token(self, claims: Claims) -> str:
        packed = claims.packed()
        signature = bytes.fromhex(self._vault.digest(packed.hex(), purpose=_PURPOSE))
        return _encoded(packed + signature)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(token: str) -> bytes:
    """Undo `_encoded`, and take exactly what it writes: base64 has several spellings of the same bytes."""
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return b""
    return data if _encoded(data) == token else b""


def _fingerprint(owner: str) -> bytes:
    """A short form of an e-mail, so that a link of a former owner is recognised."""
    return hashlib.sha256(owner.encode()).digest()[:16]
