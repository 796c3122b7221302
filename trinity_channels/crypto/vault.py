"""The vault: seals secrets for the database with AES-256-GCM, and makes keyed digests of short-lived codes.

A record reads `v1.<key id>.<nonce and ciphertext, base64url>`. Its context (agent, channel, field) is authenticated
with it, so that a record copied to another row does not open there.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
from collections.abc import Callable
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from trinity_channels.crypto.keys import (
    VARIABLE,
    Key,
    KeyRing,
    VaultError,
    generate_key,
    load_or_create_key_file,
    parse_keys,
)

__all__ = ["Key", "KeyRing", "Vault", "VaultError", "generate_key", "load_or_create_key_file", "parse_keys"]

_VERSION = "v1"
_NONCE_BYTES = 12  # what GCM is specified for; a random one per record, never reused


class Vault:
    """Seals and opens secrets with a key ring; holds no state but the keys.

    Args:
        keys: the key ring, or what reads it: a host is made without touching a file.
        new: says whether reading it would make it.
    """

    def __init__(self, keys: KeyRing | Callable[[], KeyRing], new: Callable[[], bool] = lambda: False) -> None:
        self._given = keys
        self._new = new

    @cached_property
    def _keys(self) -> KeyRing:
        return self._given if isinstance(self._given, KeyRing) else self._given()

    def unlock(self, *, make: bool = True) -> None:
        """Read the keys now, and not when the first one is needed.

        Args:
            make: whether to make a key where there is none yet. A host that may still be refused its database makes none.

        Raises:
            Whatever reading them raises.
        """
        if make or not self.are_new:
            assert self._keys  # noqa: S101  it is read by asking for it

    @property
    def are_new(self) -> bool:
        """Whether there is no key yet: one would be made when the first one is needed. Errors as `unlock`."""
        return "_keys" not in self.__dict__ and self._new()

    @property
    def newest_key(self) -> str:
        """The id of the key that seals; it says nothing about the key."""
        return self._keys.newest.id

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of all keys, newest first."""
        return tuple(one.id for one in self._keys.keys)

    def seal(self, plain: str, *, context: tuple[str, ...]) -> str:
        """Encrypt with the newest key. `context` must be the same when the record is opened."""
        key = self._keys.newest
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(key.secret).encrypt(nonce, plain.encode(), _bound(key, context))
        return f"{_VERSION}.{key.id}.{_encode(nonce + sealed)}"

    def open(self, record: str, *, context: tuple[str, ...]) -> str:
        """Decrypt a record with whichever key sealed it.

        Raises:
            VaultError: the key is not in the ring, the record is not one, or it was changed or moved.
        """
        key, sealed = self._parse(record)
        try:
            return (
                AESGCM(key.secret).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(key, context)).decode()
            )
        except InvalidTag as error:
            raise VaultError(
                f"A stored secret does not open with its {VARIABLE} {key.id}: it was changed, or belongs elsewhere. "
                "Enter it again."
            ) from error

    def needs_reseal(self, record: str) -> bool:
        """Tell whether `rotate-keys` has to re-encrypt this record, because an older key sealed it."""
        return self._parse(record)[0] is not self._keys.newest

    def digest(self, value: str, *, purpose: str) -> str:
        """Keyed hash to store, with the newest key. `purpose` keeps equal values of different uses apart."""
        return _digest(self._keys.newest, value, purpose)

    def digests(self, value: str, *, purpose: str) -> tuple[str, ...]:
        """Return all that `digest` may have answered for this value, newest key first: a rotation harms no code."""
        return tuple(_digest(key, value, purpose) for key in self._keys.keys)

    def _parse(self, record: str) -> tuple[Key, bytes]:
        version, _, rest = record.partition(".")
        key_id, _, text = rest.partition(".")
        sealed = _decode(text)
        if version != _VERSION or len(sealed) <= _NONCE_BYTES:
            raise VaultError(f"A stored secret is damaged and no {VARIABLE} opens it. Enter it again.")
        key = self._keys.find(key_id)
        if key is None:
            raise VaultError(
                f"A stored secret needs the key {key_id[:12]!r}. Add that key to {VARIABLE}, after the newest one."
            )
        return key, sealed


def _bound(key: Key, context: tuple[str, ...]) -> bytes:
    # JSON quotes and separates, so that ("a", "bc") and ("ab", "c") stay two contexts.
    return json.dumps([_VERSION, key.id, *context], separators=(",", ":")).encode()


def _digest(key: Key, value: str, purpose: str) -> str:
    info = b"trinity_channels digest\0" + purpose.encode()
    # A key of its own for each purpose: one key is never used for encryption and for digests.
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key.secret)
    return hmac.digest(derived, value.encode(), "sha256").hex()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    """Undo `_encode`, accepting exactly what it writes: base64 has several spellings of the same bytes."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
    return data if _encode(data) == text else b""
