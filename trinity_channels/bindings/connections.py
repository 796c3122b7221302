"""Connect, verify, rotate and disconnect a binding: what owners do with a provider account."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import get_args

from pydantic import BaseModel, SecretStr, ValidationError

from trinity_channels.api import (
    Channel,
    ChannelError,
    ConfigurationError,
    Verification,
)
from trinity_channels.bindings.open_binding import OpenBinding
from trinity_channels.bindings.registry import Bindings
from trinity_channels.bindings.webhook_key import WebhookKey, digest
from trinity_channels.crypto.vault import Vault, VaultError
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, Tx, audit, bindings, notices, retired_keys
from trinity_channels.store.bindings import StoredBinding

STILL_WORKS = timedelta(days=1)
"""How long a webhook address that was replaced goes on working, if no message comes to the new one."""


class AccountInUse(Exception):
    """The provider account is connected to another agent."""

    def __init__(self, agent: str) -> None:
        super().__init__()
        self.agent = agent


class NotConnected(Exception):
    """There is no connected binding."""


class Connections:
    """What an owner does; `actor` is who, for the audit log."""

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        opened: Bindings,
        vault: Vault,
        now: Callable[[], datetime],
        credentials_work: Callable[[OpenBinding], None],
    ) -> None:
        """`credentials_work` is told of every binding whose credentials the provider has just accepted."""
        self._store = store
        self._plugins = plugins
        self._opened = opened
        self._vault = vault
        self._now = now
        self._credentials_work = credentials_work

    async def stored(self, agent: str, channel: str) -> StoredBinding | None:
        """The connected binding of an agent."""
        found = await self._store.read(lambda tx: bindings.of_agent(tx, agent, channel))
        return found if found and found.connected else None

    async def connect(self, agent: str, channel: str, given: Mapping[str, object], actor: str) -> None:
        """Check settings with the provider and store them; a secret that is left out keeps its stored value.

        The webhook key stays, unless the encryption key that opens it is lost.

        Raises:
            ConfigurationError: a setting is wrong, or the provider refuses it.
            VaultError: a secret that is left out cannot be opened.
            ProviderUnavailable: the provider could not be asked.
            AccountInUse: another agent has this account.
        """
        manifest = self._plugins[channel].manifest
        before = await self.stored(agent, channel)
        kept = {name: self._opened.secrets.one(before, name) for name in _left_out(before, given)} if before else {}
        settings = parse(manifest, given, kept)
        # The provider is asked before the transaction: a unit does no I/O, and may run twice.
        account = await self._plugins[channel].configure(settings, self._opened.contexts.of(channel))
        secret_fields = secret_names(manifest)
        sealed = {
            name: self._vault.seal(value.get_secret_value(), context=(agent, channel, name))
            for name in secret_fields
            if isinstance(value := getattr(settings, name), SecretStr)
        }
        plain = settings.model_dump(mode="json", exclude=secret_fields)
        new_key = self._new_key(agent, channel)
        reachable = before is None or self._opened.secrets.has_webhook_key(before)
        now = self._now()

        def save(tx: Tx) -> None:
            # Within the transaction: two agents may be connected to one account at the same moment.
            other = bindings.holder(tx, channel, account.key, other_than=agent)
            if other is not None:
                raise AccountInUse(other)
            saved = bindings.save(tx, agent, channel, account, settings=plain, secrets=sealed, new_key=new_key, now=now)
            # What was noticed concerns the former settings.
            notices.clear(tx, saved)
            if not reachable:  # nothing could be authenticated at the old address
                retired_keys.retire(tx, saved, now, now)
                bindings.rotate(tx, saved, new_key, now)
            audit.add(tx, now, actor, "connect", agent=agent, channel=channel, details={"sandbox": account.sandbox})

        await self._store.write(save)
        self._opened.forget()
        self._credentials_work(await self._bound(agent, channel))
        await self.register(agent, channel)

    async def disconnect(self, agent: str, channel: str, actor: str) -> bool:
        """Forget the secrets and stop answering; people and history stay. False if nothing was connected."""
        stored = await self.stored(agent, channel)
        if stored is None:
            return False
        now = self._now()

        def forget(tx: Tx) -> bool:
            audit.add(tx, now, actor, "disconnect", agent=agent, channel=channel)
            return bindings.disconnect(tx, stored.id, now)

        gone = await self._store.write(forget)
        self._opened.forget()
        return gone

    async def rotate(self, agent: str, channel: str, actor: str) -> None:
        """Give the binding another webhook address.

        The old one goes on working until a message has come to the new one, at most for a day: where the address is
        entered by hand, messages would be lost in between.

        Raises:
            NotConnected: there is none.
            VaultError: its secrets cannot be decrypted, so the provider could not be given the new address.
        """
        stored = await self.stored(agent, channel)
        if stored is None:
            raise NotConnected
        # Opened only to fail early: a new address that the provider cannot be told would lose messages.
        self._opened.secrets.all(stored)
        new_key = self._new_key(agent, channel)
        now = self._now()

        def rotate(tx: Tx) -> None:
            retired_keys.retire(tx, stored.id, now, now + STILL_WORKS)
            bindings.rotate(tx, stored.id, new_key, now)
            audit.add(tx, now, actor, "rotate_webhook", agent=agent, channel=channel)

        await self._store.write(rotate)
        self._opened.forget()
        await self.register(agent, channel)

    async def register(self, agent: str, channel: str) -> None:
        """Point the provider at our webhook, where that is done by API and there is an address.

        Raises:
            NotConnected, ConfigurationError, ProviderUnavailable: the binding stays connected.
        """
        bound = await self._bound(agent, channel)
        if bound.manifest.capabilities.register_webhook and bound.context.webhook_url:
            await bound.register_webhook()

    async def register_all(self) -> list[str]:
        """Point every provider at our webhooks, after the public address has changed; returns what went wrong."""
        problems = []
        for stored in await self._store.read(bindings.every):
            if stored.connected and stored.channel in self._plugins:
                try:
                    await self.register(stored.agent, stored.channel)
                except (ChannelError, VaultError) as error:
                    problems.append(f"{stored.agent} on {stored.channel}: {error}")
        return problems

    async def verify(self, agent: str, channel: str) -> Verification:
        """Ask the provider whether the stored binding still works; no message is sent.

        Raises:
            NotConnected, ConfigurationError, ProviderUnavailable.
        """
        bound = await self._bound(agent, channel)
        found = await bound.verify()
        self._credentials_work(bound)
        return found

    async def reseal(self) -> int:
        """Seal every secret with the newest key; returns how many records changed."""
        changed = 0
        for stored in await self._store.read(bindings.every):
            changed += await self._reseal_retired(stored)
            records = [stored.webhook_key, *stored.secrets.values()]
            if not any(map(self._vault.needs_reseal, records)):
                continue
            key = self._sealed_again(stored, "webhook_key", stored.webhook_key)
            sealed = {name: self._sealed_again(stored, name, record) for name, record in stored.secrets.items()}
            # One transaction for each binding, so that a run that is interrupted goes on where it stopped.
            reseal = partial(bindings.reseal, binding=stored.id, secrets=sealed, webhook_key=key)
            await self._store.write(reseal)
            changed += len(records)
        return changed

    async def _reseal_retired(self, stored: StoredBinding) -> int:
        """The same for the webhook keys that a binding once had; one whose encryption key is lost stays as it is."""
        sealed: dict[int, str] = {}
        for key, record in await self._store.read(partial(retired_keys.of_binding, binding=stored.id)):
            if self._vault.needs_reseal(record):
                with contextlib.suppress(VaultError):
                    sealed[key] = self._sealed_again(stored, "webhook_key", record)

        def reseal(tx: Tx) -> None:
            for key, record in sealed.items():
                retired_keys.reseal(tx, key, record)

        if sealed:
            await self._store.write(reseal)
        return len(sealed)

    def _sealed_again(self, stored: StoredBinding, name: str, record: str) -> str:
        context = (stored.agent, stored.channel, name)
        return self._vault.seal(self._vault.open(record, context=context), context=context)

    async def _bound(self, agent: str, channel: str) -> OpenBinding:
        stored = await self.stored(agent, channel)
        if stored is None:
            raise NotConnected
        return await self._opened.open(stored.id)

    def _new_key(self, agent: str, channel: str) -> tuple[str, str]:
        key = WebhookKey.fresh()
        return self._vault.seal(str(key), context=(agent, channel, "webhook_key")), digest(key.key)


def _left_out(stored: StoredBinding, given: Mapping[str, object]) -> list[str]:
    """The stored secrets that stay; a form leaves a field empty for that."""
    # An explicit null is not in here: it takes an optional secret away.
    return [name for name in stored.secrets if given.get(name, "") == ""]


def secret_names(manifest: Channel) -> set[str]:
    """The settings of a channel that are secret."""
    return {
        name
        for name, field in manifest.settings.model_fields.items()
        if field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    }


def parse(manifest: Channel, given: Mapping[str, object], kept: Mapping[str, SecretStr]) -> BaseModel:
    """Settings as the plugin's model, kept secrets filled in; null takes an optional secret away.

    Raises:
        ConfigurationError: naming the first wrong field and what it should be, never its value.
    """
    values = dict(given)
    for name, secret in kept.items():
        values[name] = secret.get_secret_value()
    try:
        return manifest.settings.model_validate(values)
    except ValidationError as error:
        # pydantic would quote what was entered, which may be a token in the wrong field.
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else None
        raise ConfigurationError(_sentence(first["type"], str(first["msg"]), field), field=field) from None


def _sentence(kind: str, message: str, field: str | None) -> str:
    if kind == "missing":
        return f"{field} is missing."
    if kind == "extra_forbidden":
        return f"Unknown setting {field}."
    return message.removeprefix("Value error, ")
