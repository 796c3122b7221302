"""The secrets of stored bindings, decrypted."""

from __future__ import annotations

from pydantic import SecretStr

from trinity_channels.bindings.webhook_key import WebhookKey
from trinity_channels.crypto.vault import Vault, VaultError
from trinity_channels.store.bindings import StoredBinding


class StoredSecrets:
    """Opens them with the vault, and seals new ones; methods that return secrets raise `VaultError` if they cannot."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def sealed(self, agent: str, channel: str, name: str, secret: str) -> str:
        """A secret of a binding as it is stored; `name` is a setting's, or "webhook_key"."""
        # Bound to its place: a record that is copied to another binding or field cannot be opened there.
        return self._vault.seal(secret, context=(agent, channel, name))

    def sealed_again(self, stored: StoredBinding, name: str, record: str) -> str:
        """A stored secret under the newest encryption key."""
        context = (stored.agent, stored.channel, name)
        return self._vault.seal(self._vault.open(record, context=context), context=context)

    def sealed_for(self, stored: StoredBinding, name: str, record: str, agent: str) -> str:
        """A stored secret of a binding as it is stored when the binding is another agent's."""
        return self.sealed(
            agent, stored.channel, name, self._vault.open(record, context=(stored.agent, stored.channel, name))
        )

    def needs_reseal(self, record: str) -> bool:
        """Whether a secret is stored under an older encryption key."""
        return self._vault.needs_reseal(record)

    def webhook_key(self, stored: StoredBinding) -> WebhookKey:
        """The webhook key of a binding."""
        return self.former_key(stored.agent, stored.channel, stored.webhook_key)

    def former_key(self, agent: str, channel: str, record: str) -> WebhookKey:
        """A webhook key that a binding has, or had before it was replaced."""
        return WebhookKey.parse(self._vault.open(record, context=(agent, channel, "webhook_key")))

    def one(self, stored: StoredBinding, name: str) -> SecretStr:
        """One secret setting of a binding."""
        return SecretStr(self._vault.open(stored.secrets[name], context=(stored.agent, stored.channel, name)))

    def all(self, stored: StoredBinding) -> dict[str, SecretStr]:
        """All of them by name."""
        return {name: self.one(stored, name) for name in stored.secrets}

    def has_webhook_key(self, stored: StoredBinding) -> bool:
        """Whether the webhook key of a binding can still be decrypted."""
        try:
            self.webhook_key(stored)
        except VaultError:
            return False
        return True

    def locked_by(self, stored: StoredBinding) -> str:
        """Why the secrets of a binding cannot be decrypted, empty if they can."""
        try:
            self.webhook_key(stored)
            self.all(stored)
        except VaultError as error:
            return str(error)
        return ""

    def is_locked(self, stored: StoredBinding) -> bool:
        """Whether the encryption key of a binding is missing; nothing is decrypted, for monitoring asks this often."""
        try:
            for record in (stored.webhook_key, *stored.secrets.values()):
                self._vault.needs_reseal(record)
        except VaultError:
            return True
        return False
