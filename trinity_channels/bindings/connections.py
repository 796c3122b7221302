"""Connect, verify, rotate and disconnect a binding: what owners do with a provider account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import get_args

from pydantic import BaseModel, SecretStr, ValidationError

from trinity_channels.api import (
    Channel,
    ChannelError,
    ConfigurationError,
    Verification,
)
from trinity_channels.authorisation import Authorisation
from trinity_channels.bindings.open_binding import OpenBinding
from trinity_channels.bindings.registry import Bindings
from trinity_channels.bindings.webhook_key import WebhookKey, digest
from trinity_channels.crypto.vault import VaultError
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, audit, bindings, notices, retired_keys
from trinity_channels.store.bindings import StoredBinding

STILL_WORKS = timedelta(days=1)
"""How long a webhook address that was replaced goes on working, if no message comes to the new one."""


class AccountInUse(Refusal):
    """The provider account is connected to another agent; it is named to those only who may manage it."""

    def __init__(self, agent: str | None) -> None:
        other = f"your agent {agent}" if agent else "another agent"
        super().__init__(
            "account_in_use",
            f"This account is connected to {other}. Each agent needs an account of its own: disconnect it there first, or "
            "use another account.",
            extra={"agent": agent} if agent else None,
        )


class NotConnected(Refusal):
    """There is no connected binding; `channel` is the channel's title."""

    def __init__(self, channel: str) -> None:
        super().__init__("not_connected", f"{channel} is not connected to this agent.")


class Connections:
    """What the agent's owner or an administrator does.

    Raises:
        Refusal: by each operation that takes a principal, if it is neither.
    """

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        opened: Bindings,
        may: Authorisation,
        now: Callable[[], datetime],
        credentials_work: Callable[[OpenBinding], None],
    ) -> None:
        """`credentials_work` is told of every binding whose credentials the provider has just accepted."""
        self._store = store
        self._plugins = plugins
        self._opened = opened
        self._may = may
        self._now = now
        self._credentials_work = credentials_work

    async def stored(self, agent: str, channel: str) -> StoredBinding | None:
        """The connected binding of an agent."""
        found = await self._store.read(lambda tx: bindings.of_agent(tx, agent, channel))
        return found if found and found.connected else None

    async def connect(self, principal: Principal, agent: str, channel: str, given: Mapping[str, object]) -> None:
        """Check settings with the provider and store them; a secret that is left out keeps its stored value.

        The webhook key stays, unless the encryption key that opens it is lost.

        Raises:
            ConfigurationError: a setting is wrong, or the provider refuses it.
            VaultError: a secret that is left out cannot be opened.
            ProviderUnavailable: the provider could not be asked.
            AccountInUse: another agent has this account.
        """
        await self._may.owner(principal, agent)
        manifest = self._plugins[channel].manifest
        before = await self.stored(agent, channel)
        kept = {name: self._opened.secrets.one(before, name) for name in _left_out(before, given)} if before else {}
        settings = parse(manifest, given, kept)
        # The provider is asked before the transaction: a unit does no I/O, and may run twice.
        account = await self._plugins[channel].configure(settings, self._opened.contexts.of(channel))
        secret_fields = secret_names(manifest)
        sealed = {
            name: self._opened.secrets.sealed(agent, channel, name, value.get_secret_value())
            for name in secret_fields
            if isinstance(value := getattr(settings, name), SecretStr)
        }
        plain = settings.model_dump(mode="json", exclude=secret_fields)
        new_key = self._new_key(agent, channel)
        # Its key may be lost with an encryption key while the settings are entered again.
        reachable = before is None or self._opened.secrets.has_webhook_key(before)
        now = self._now()

        def save(tx: Tx) -> str | None:
            # Within the transaction: two agents may be connected to one account at the same moment.
            other = bindings.holder(tx, channel, account.key, other_than=agent)
            if other is not None:
                return other
            saved = bindings.save(tx, agent, channel, account, settings=plain, secrets=sealed, new_key=new_key, now=now)
            # What was noticed concerns the former settings.
            notices.clear(tx, saved)
            if not reachable:  # nothing could be authenticated at the old address
                retired_keys.retire(tx, saved, now, now)
                bindings.rotate(tx, saved, new_key, now)
            details = {"sandbox": account.sandbox}
            audit.add(tx, now, principal.actor, "connect", agent=agent, channel=channel, details=details)
            return None

        if other := await self._store.write(save):
            raise AccountInUse(other if await self._may.manages(principal, other) else None)
        self._opened.forget()
        # Catch-up fetches what could not be listed with the former credentials.
        self._credentials_work(await self._bound(agent, channel))
        await self.register(agent, channel)

    async def disconnect(self, principal: Principal, agent: str, channel: str) -> None:
        """Forget the secrets and stop answering; people and history stay.

        Raises:
            NotConnected: there is none.
        """
        await self._may.owner(principal, agent)
        stored = await self._connected(agent, channel)
        now = self._now()

        def forget(tx: Tx) -> bool:
            audit.add(tx, now, principal.actor, "disconnect", agent=agent, channel=channel)
            return bindings.disconnect(tx, stored.id, now)

        gone = await self._store.write(forget)
        self._opened.forget()
        if not gone:  # it was disconnected concurrently
            raise self._not_connected(channel)

    async def rotate(self, principal: Principal, agent: str, channel: str) -> None:
        """Give the binding another webhook address.

        The old one goes on working until a message has come to the new one, at most for a day: where the address is
        entered by hand, messages would be lost in between.

        Raises:
            NotConnected: there is none.
            VaultError: its secrets cannot be decrypted, so the provider could not be given the new address.
        """
        await self._may.owner(principal, agent)
        stored = await self._connected(agent, channel)
        # Opened only to fail early: a new address that the provider cannot be told would lose messages.
        self._opened.secrets.all(stored)
        new_key = self._new_key(agent, channel)
        now = self._now()

        def rotate(tx: Tx) -> None:
            retired_keys.retire(tx, stored.id, now, now + STILL_WORKS)
            bindings.rotate(tx, stored.id, new_key, now)
            audit.add(tx, now, principal.actor, "rotate_webhook", agent=agent, channel=channel)

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
                # One that fails must not keep the others at the former address.
                except (ChannelError, VaultError) as error:
                    problems.append(f"{stored.agent} on {stored.channel}: {error}")
        return problems

    async def verify(self, agent: str, channel: str) -> Verification:
        """Ask the provider whether the stored binding still works; no message is sent. For the host's own checks.

        Raises:
            NotConnected, ConfigurationError, ProviderUnavailable.
        """
        bound = await self._bound(agent, channel)
        found = await bound.verify()
        self._credentials_work(bound)
        return found

    async def verify_for(self, principal: Principal, agent: str, channel: str) -> Verification:
        """The same for the owner or an administrator."""
        await self._may.owner(principal, agent)
        return await self.verify(agent, channel)

    async def _connected(self, agent: str, channel: str) -> StoredBinding:
        stored = await self.stored(agent, channel)
        if stored is None:
            raise self._not_connected(channel)
        return stored

    async def _bound(self, agent: str, channel: str) -> OpenBinding:
        return await self._opened.open((await self._connected(agent, channel)).id)

    def _not_connected(self, channel: str) -> NotConnected:
        return NotConnected(self._plugins[channel].manifest.title)

    def _new_key(self, agent: str, channel: str) -> tuple[str, str]:
        key = WebhookKey.fresh()
        return self._opened.secrets.sealed(agent, channel, "webhook_key", str(key)), digest(key.key)


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
