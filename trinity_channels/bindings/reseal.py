"""Encrypt the secrets of all bindings with the newest key, so that older keys can be removed."""

from __future__ import annotations

import contextlib
from functools import partial

from trinity_channels.bindings.stored_secrets import StoredSecrets
from trinity_channels.crypto.vault import VaultError
from trinity_channels.store import Store, Tx, bindings, retired_keys
from trinity_channels.store.bindings import StoredBinding


async def reseal(store: Store, secrets: StoredSecrets) -> int:
    """Seal every secret again that is stored under an older key; returns how many records changed.

    Raises:
        VaultError: the key of a secret that is in use is lost. What was sealed before stays so.
    """
    changed = 0
    for stored in await store.read(bindings.every):
        if not stored.webhook_key:  # its agent was deleted
            continue
        changed += await _retired(store, secrets, stored)
        records = [stored.webhook_key, *stored.secrets.values()]
        if not any(map(secrets.needs_reseal, records)):
            continue
        key = secrets.sealed_again(stored, "webhook_key", stored.webhook_key)
        sealed = {name: secrets.sealed_again(stored, name, record) for name, record in stored.secrets.items()}
        # One transaction for each binding, so that a run that is interrupted goes on where it stopped.
        await store.write(partial(bindings.reseal, binding=stored.id, secrets=sealed, webhook_key=key))
        changed += len(records)
    return changed


async def _retired(store: Store, secrets: StoredSecrets, stored: StoredBinding) -> int:
    """The same for the webhook keys that a binding once had; one whose encryption key is lost stays as it is."""
    sealed: dict[int, str] = {}
    for key, record in await store.read(partial(retired_keys.of_binding, binding=stored.id)):
        if secrets.needs_reseal(record):
            with contextlib.suppress(VaultError):
                sealed[key] = secrets.sealed_again(stored, "webhook_key", record)

    def seal(tx: Tx) -> None:
        for key, record in sealed.items():
            retired_keys.reseal(tx, key, record)

    if sealed:
        await store.write(seal)
    return len(sealed)
