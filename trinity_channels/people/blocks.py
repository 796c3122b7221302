"""Who is blocked: a contact as long as they are known, and after they were erased their addresses as keyed hashes.

Of erased people who were not blocked hashes stay too: an import must not bring them back.

The key of the hashes is random and stored sealed by the vault, so that it survives a rotation of the encryption keys; only
with that key can an address be compared. While the vault's key is lost, erased people are not recognised.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterable
from datetime import datetime

from trinity_channels.crypto.vault import Vault, VaultError
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store, Tx, erased_blocks, people, settings

log = get_logger(__name__)

_KEYS = "erased_blocks_keys"
_CONTEXT = ("", "", _KEYS)


class Blocks:
    """Blocks people, lets them in again, and recognises those who were erased."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    def block(self, tx: Tx, contact: int, now: datetime) -> None:
        """Block a contact; what is held for them is dropped."""
        people.block(tx, contact, now)

    def unblock(self, tx: Tx, contact: int) -> None:
        """Let a contact in again, also one who was erased: then the people who have their addresses."""
        people.block(tx, contact, None)
        known = erased_blocks.known(tx, contact)
        if known:
            keys = self._keys(tx) if erased_blocks.exist(tx, known.binding) else []
            digests = [_digest(key, known.channel, one.value) for key in keys for one in known.addresses]
            erased_blocks.forget(tx, contact, known.binding, digests)

    def remember(self, tx: Tx, contact: int) -> None:
        """Keep keyed hashes of the addresses of a contact who is about to be erased."""
        known = erased_blocks.known(tx, contact)
        if known is None or not known.addresses:
            return
        key = self._writing_key(tx)
        for one in known.addresses:
            digest = _digest(key, known.channel, one.value)
            erased_blocks.add_erased(tx, known.binding, digest)
            if known.blocked_at:
                # A number beside a user id may be given to another person; then it must not keep that person out.
                may_change_hands = known.has_stable and not one.stable
                erased_blocks.add(
                    tx, contact, known.binding, digest, known.blocked_at, may_change_hands=may_change_hands
                )

    def stays_blocked(self, tx: Tx, contact: int) -> bool:
        """Whether a contact who is not blocked has an address of someone who was blocked and erased. Reads only."""
        known = erased_blocks.known(tx, contact)
        if known is None or known.blocked_at or not erased_blocks.exist(tx, known.binding):
            return False
        digests = [_digest(key, known.channel, one.value) for key in self._keys(tx) for one in known.addresses]
        return erased_blocks.find(tx, known.binding, digests, has_stable=known.has_stable)

    def keeps_out(self, tx: Tx, agent: str, address: str) -> bool:
        """Whether an address that has not written to an agent is blocked there, with or without the channel before it."""
        keys = self._keys(tx)
        for binding, channel in erased_blocks.bindings(tx, agent):
            possible = (address, f"{channel}:{address}")
            digests = [_digest(key, channel, one) for key in keys for one in possible]
            if erased_blocks.find(tx, binding, digests, has_stable=False):
                return True
        return False

    def erased(self, tx: Tx, binding: int, channel: str, addresses: Iterable[str]) -> set[str]:
        """Those of the addresses whose people were erased from a binding."""
        if not (digests := erased_blocks.erased(tx, binding)):
            return set()
        keys = self._keys(tx)
        return {one for one in addresses if any(_digest(key, channel, one) in digests for key in keys)}

    async def reseal(self) -> int:
        """Seal the keys of the hashes with the newest encryption key; returns how many records changed."""

        def unit(tx: Tx) -> int:
            records = self._records(tx)
            again = [self._sealed_again(record) for record in records]
            if again != records:
                settings.put(tx, _KEYS, json.dumps(again))
            return sum(before != after for before, after in zip(records, again, strict=True))

        return await self._store.write(unit)

    def _sealed_again(self, record: str) -> str:
        """A record under the newest encryption key; one whose key is lost stays as it is."""
        try:
            if self._vault.needs_reseal(record):
                return self._vault.seal(self._vault.open(record, context=_CONTEXT), context=_CONTEXT)
        except VaultError as error:
            log.warning("blocks of erased people cannot be checked", reason=str(error))
        return record

    @staticmethod
    def _records(tx: Tx) -> list[str]:
        """The sealed keys, newest first; there are several if the encryption key of one was lost."""
        stored = settings.get(tx, _KEYS)
        return list(json.loads(stored)) if stored else []

    def _keys(self, tx: Tx) -> list[bytes]:
        keys = []
        for record in self._records(tx):
            try:
                keys.append(bytes.fromhex(self._vault.open(record, context=_CONTEXT)))
            except VaultError as error:
                log.warning("blocks of erased people cannot be checked", reason=str(error))
        return keys

    def _writing_key(self, tx: Tx) -> bytes:
        """The newest key that can be read; a fresh one if there is none."""
        keys = self._keys(tx)
        if keys:
            return keys[0]
        key = secrets.token_bytes(32)
        # Sealed keys that cannot be read now stay: the encryption key may be found again.
        records = [self._vault.seal(key.hex(), context=_CONTEXT), *self._records(tx)]
        settings.put(tx, _KEYS, json.dumps(records))
        return key


def _digest(key: bytes, channel: str, address: str) -> str:
    # Keyed: telephone numbers are few enough to try them all against a plain hash. JSON keeps the two apart.
    return hmac.digest(key, json.dumps([channel, address]).encode(), "sha256").hex()
