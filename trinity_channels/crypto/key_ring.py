"""Where a host gets its encryption keys from, without ever replacing a lost key in silence."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from pydantic import SecretStr

from trinity_channels.crypto.keys import VARIABLE, KeyRing, VaultError, load_or_create_key_file, parse_keys
from trinity_channels.crypto.vault import Vault
from trinity_channels.store import Store


def key_file(home: Path) -> Path:
    """Where a host keeps the key that it has made itself."""
    return home / "credentials.key"


def vault_of(given: SecretStr | None, home: Path, store: Store) -> Vault:
    """What seals with the keys that `key_ring` gives, once they are needed."""
    return Vault(partial(key_ring, given, home, store), partial(are_new, given, home, store))


def key_ring(given: SecretStr | None, home: Path, store: Store) -> KeyRing:
    """The keys of the setting, or of the key file. The file is made on first use only: a new one opens nothing stored.

    Raises:
        VaultError: the key file is missing or cannot be used.
        StoreError: the database cannot be read.
    """
    if given:
        return parse_keys(given.get_secret_value())
    are_new(given, home, store)
    return load_or_create_key_file(key_file(home))


def are_new(given: SecretStr | None, home: Path, store: Store) -> bool:
    """Whether `key_ring` would make a key file. Errors as there."""
    file = key_file(home)
    if given or file.exists():
        return False
    if store.holds_secrets():
        raise VaultError(
            f"The key file {file} is missing, and the database {store.name} holds secrets that only its key opens. Restore "
            f"the file from a backup, or set {VARIABLE} to its content. If the key is lost, set {VARIABLE} to a new one "
            "(`trinity-channels keygen`) and connect every account again."
        )
    return True
