"""Connect, verify, rotate and disconnect a binding: what owners do with a provider account."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import BaseModel, SecretStr

from trinity_channels.api import (
    Channel,
    ChannelError,
    Check,
    CheckState,
    ConfigurationError,
    FixAction,
    ProviderUnavailable,
    Verification,
)
from trinity_channels.authorisation import Authorisation
from trinity_channels.bindings.given_settings import left_out, parse, secret_names
from trinity_channels.bindings.kept_checks import Verified, dumped, loaded
from trinity_channels.bindings.leaving import take_webhook_back, webhook_to_take_back
from trinity_channels.bindings.open_binding import OpenBinding
from trinity_channels.bindings.refusals import AccountInUse, NotConnected, NoWebhook, WebhookElsewhere
from trinity_channels.bindings.registry import Bindings, Disconnected
from trinity_channels.bindings.webhook_key import WebhookKey, digest
from trinity_channels.crypto.vault import VaultError
from trinity_channels.plugins import LISTENS, Plugins
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, StoreError, Tx, alerts, audit, bindings, notices, retired_keys
from trinity_channels.store.bindings import StoredBinding

_AT_ONCE = 3
"""Providers that are told of a new public address at the same time."""
_PATIENCE = 10.0
"""Seconds that one of them may take to say where it posts to."""
STILL_WORKS = timedelta(days=1)
"""How long a webhook address that was replaced goes on working, if no message comes to the new one."""


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
        found = await self._store.lookup(lambda tx: bindings.of_agent(tx, agent, channel))
        return found if found and found.connected else None

    async def connect(
        self,
        principal: Principal,
        agent: str,
        channel: str,
        given: Mapping[str, object],
        *,
        listens: bool | None = None,
    ) -> None:
        """Check settings with the provider, store them, and point the provider here; see `enter` and `register`."""
        await self.enter(principal, agent, channel, given, listens=listens)
        await self.register(agent, channel)

    async def enter(
        self,
        principal: Principal,
        agent: str,
        channel: str,
        given: Mapping[str, object],
        *,
        listens: bool | None = None,
    ) -> None:
        """Check settings with the provider and store them; a secret that is left out keeps its stored value.

        The webhook key stays, unless the encryption key that opens it is lost. Where the provider posts to does not change.
        `listens` is the way in which messages come; None keeps it.

        Raises:
            ConfigurationError: a setting is wrong, or the provider refuses it.
            VaultError: a secret that is left out cannot be opened.
            ProviderUnavailable: the provider could not be asked.
            AccountInUse: another agent has this account.
        """
        await self._may.owner(principal, agent)
        manifest = self._plugins[channel].manifest
        before = await self.stored(agent, channel)
        way = self._way(channel, before, listens)
        settings = parse(manifest, given, self._kept(before, given))
        # The provider is asked before the transaction: a unit does no I/O, and may run twice.
        account = await self._plugins[channel].configure(settings, self._opened.contexts.of(channel), listens=way)
        sealed = self._sealed(agent, manifest, settings)
        plain = settings.model_dump(mode="json", exclude=secret_names(manifest))
        new_key = self._new_key(agent, channel)
        # Its key may be lost with an encryption key while the settings are entered again.
        reachable = before is None or self._opened.secrets.has_webhook_key(before)
        now = self._now()

        def save(tx: Tx) -> str | None:
            # Within the transaction: two agents may be connected to one account at the same moment.
            other = bindings.holder(tx, channel, account.key, other_than=agent)
            if other is not None:
                return other
            saved = bindings.save(
                tx,
                agent,
                channel,
                account,
                settings=plain,
                secrets=sealed,
                new_key=new_key,
                now=now,
                listens=way,
            )
            # What was noticed, and what the provider said, concerns the former settings.
            notices.clear(tx, saved)
            alerts.clear(tx, saved, alerts.ACCOUNT, now)
            if not reachable:  # nothing could be authenticated at the old address
                retired_keys.retire(tx, saved, now, now)
                bindings.rotate(tx, saved, new_key, now)
            details = {"sandbox": account.sandbox} | ({"listens": True} if way else {})
            audit.add(tx, now, principal.actor, "connect", agent=agent, channel=channel, details=details)
            return None

        if other := await self._store.write(save):
            raise AccountInUse(other if await self._may.manages(principal, other) else None)
        bound = await self._bound(agent, channel)
        # Catch-up fetches what could not be listed with the former credentials.
        self._credentials_work(bound)

    def _way(self, channel: str, before: StoredBinding | None, listens: bool | None) -> bool:
        """Whether messages are fetched: as asked for, else as it was, else only if there is no other way."""
        plugin = self._plugins[channel]
        if listens is None:
            listens = before.listens if before else not plugin.receives
        if listens and not plugin.listens:
            raise ConfigurationError(f"{plugin.manifest.title} delivers by webhook only.", field=LISTENS)
        if not listens and not plugin.receives:
            raise ConfigurationError(f"Messages of {plugin.manifest.title} can only be fetched.", field=LISTENS)
        return listens

    def _kept(self, before: StoredBinding | None, given: Mapping[str, object]) -> dict[str, SecretStr]:
        """The stored secrets of those that are left out."""
        left = left_out(before.secrets, given) if before else ()
        return {name: self._opened.secrets.one(before, name) for name in left} if before else {}

    def _sealed(self, agent: str, manifest: Channel, settings: BaseModel) -> dict[str, str]:
        return {
            name: self._opened.secrets.sealed(agent, manifest.name, name, value.get_secret_value())
            for name in secret_names(manifest)
            if isinstance(value := getattr(settings, name), SecretStr)
        }

    async def disconnect(self, principal: Principal, agent: str, channel: str) -> None:
        """Forget the secrets and stop answering; people and history stay. Our webhook is taken back where that can be done.

        Raises:
            NotConnected: there is none.
        """
        await self._may.owner(principal, agent)
        stored = await self._connected(agent, channel)
        # With its secrets, which are forgotten below.
        leaving = await webhook_to_take_back(self._store, self._opened, stored)
        now = self._now()

        def forget(tx: Tx) -> bool:
            audit.add(tx, now, principal.actor, "disconnect", agent=agent, channel=channel)
            return bindings.disconnect(tx, stored.id, now)

        gone = await self._store.write(forget)
        if not gone:  # it was disconnected concurrently
            raise self._not_connected(channel)
        await self._opened.let_go(stored.id)
        # Connected again, the webhook is in use.
        if leaving and not await self.stored(agent, channel):
            await take_webhook_back(leaving)

    async def rotate(self, principal: Principal, agent: str, channel: str) -> None:
        """Give the binding another webhook address.

        The old one goes on working until a message has come to the new one, at most for a day: where the address is
        entered by hand, messages would be lost in between.

        Raises:
            NotConnected: there is none.
            NoWebhook: it listens.
            VaultError: its secrets cannot be decrypted, so the provider could not be given the new address.
        """
        await self._may.owner(principal, agent)
        stored = await self._connected(agent, channel)
        if stored.listens:
            raise NoWebhook(self._plugins[channel].manifest.title)
        # Opened only to fail early: a new address that the provider cannot be told would lose messages.
        self._opened.secrets.all(stored)
        new_key = self._new_key(agent, channel)
        now = self._now()

        def rotate(tx: Tx) -> None:
            retired_keys.retire(tx, stored.id, now, now + STILL_WORKS)
            bindings.rotate(tx, stored.id, new_key, now)
            audit.add(tx, now, principal.actor, "rotate_webhook", agent=agent, channel=channel)

        await self._store.write(rotate)
        await self._address_changed(agent, channel)

    async def set_webhook(self, principal: Principal, agent: str, channel: str, *, replace: bool = False) -> None:
        """Point the provider at our webhook; what it points at already is replaced only if that is asked for.

        Raises:
            NotConnected: there is no binding.
            Refusal: `no_webhook`, `cannot_set_webhook`, `no_public_url` or `webhook_elsewhere`; nothing was changed.
            ConfigurationError, ProviderUnavailable: of the provider.
        """
        await self._may.owner(principal, agent)
        bound = await self._bound(agent, channel)
        title = bound.manifest.title
        if bound.listens:
            raise NoWebhook(title)
        if not bound.can_register:
            which = f"the sandbox of {title}" if bound.manifest.capabilities.register_webhook else title
            raise Refusal(
                "cannot_set_webhook",
                f"The webhook of {which} cannot be set from outside: enter it in the provider's console.",
            )
        if bound.context.webhook_url is None:
            raise Refusal("no_public_url", "public_chat_url is not set, so there is no webhook URL yet.")
        found = None if replace else await self.verify(agent, channel)
        if found and found.elsewhere:
            raise WebhookElsewhere(title, found.elsewhere)
        try:
            if found and bound.manifest.capabilities.register_when_asked:
                _must_be_told(found)
            await bound.register_webhook()
        except ChannelError as error:
            await self._not_set(bound, error)
            raise
        now = self._now()

        def note(tx: Tx) -> None:
            notices.end(tx, bound.id, notices.WEBHOOK_TO_SET)
            audit.add(tx, now, principal.actor, "set_webhook", agent=agent, channel=channel)

        await self._store.write(note)
        await self.verify(agent, channel)

    async def register(self, agent: str, channel: str) -> None:
        """Point the provider at our webhook, where that is done by API without being asked for and there is an address.

        Raises:
            NotConnected, ConfigurationError, ProviderUnavailable: the binding stays connected.
        """
        bound = await self._bound(agent, channel)
        if bound.registers_unasked and bound.context.webhook_url:
            # What has listened until now must not take the webhook away.
            await self._opened.let_go(bound.id)
            await bound.register_webhook()

    async def register_all(self) -> list[str]:
        """Point every provider at our webhooks, after the public address has changed; returns what went wrong."""
        every = await self._store.read(bindings.every)
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def follow(stored: StoredBinding) -> str:
            async with at_once:
                try:
                    await self._address_changed(stored.agent, stored.channel)
                # It was disconnected meanwhile.
                except (NotConnected, Disconnected):
                    pass
                # One that fails must not keep the others at the former address.
                except (ChannelError, VaultError, StoreError) as error:
                    return f"{stored.agent} on {self._plugins.title(stored.channel)}: {error}"
            return ""

        usable = [one for one in every if one.connected and one.channel in self._plugins]
        return [told for told in await asyncio.gather(*map(follow, usable)) if told]

    async def _address_changed(self, agent: str, channel: str) -> None:
        """Tell the provider our new address; where that is done on request only, ask it where it posts to instead.

        Raises:
            NotConnected, ConfigurationError, ProviderUnavailable: it could not be told.
        """
        bound = await self._bound(agent, channel)
        # What the provider said was about the former address.
        await self._store.write(lambda tx: notices.end(tx, bound.id, notices.VERIFIED))
        try:
            await self.register(agent, channel)
        except ChannelError as error:
            await self._not_set(bound, error)
            raise
        if bound.can_register and not bound.registers_unasked:
            # What it says, and what keeps it from saying it, is kept for the pages.
            with contextlib.suppress(ChannelError, TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self.verify(agent, channel)

    async def verify(self, agent: str, channel: str) -> Verification:
        """Ask the provider whether the stored binding still works; no message is sent. For the host's own checks.

        Raises:
            NotConnected, ConfigurationError, ProviderUnavailable.
        """
        bound = await self._bound(agent, channel)
        try:
            found = await bound.verify()
            found = replace(found, checks=self._opened.contexts.address.with_place(found.checks))
        except ChannelError as error:
            refused = isinstance(error, ConfigurationError)
            state = CheckState.FAILED if refused else CheckState.UNKNOWN
            fix = "Enter the credentials again." if refused else "Try again in a moment."
            actions = (FixAction.EDIT,) if refused else (FixAction.VERIFY,)
            await self._keep_checks(bound, (Check("credentials", state, error.message, fix, actions),))
            raise
        await self._keep_checks(bound, found.checks)
        self._credentials_work(bound)
        await self._end_alert(bound, found)
        return found

    async def _end_alert(self, bound: OpenBinding, found: Verification) -> None:
        """What the provider had reported of the account is over, if it finds nothing wrong with it now."""
        if any(check.state is CheckState.FAILED for check in found.checks):
            return
        now = self._now()
        if await self._store.read(lambda tx: alerts.is_open(tx, bound.id, alerts.ACCOUNT)):
            await self._store.write(lambda tx: alerts.clear(tx, bound.id, alerts.ACCOUNT, now))

    async def verify_for(self, principal: Principal, agent: str, channel: str) -> Verification:
        """The same for the owner or an administrator."""
        await self._may.owner(principal, agent)
        return await self.verify(agent, channel)

    async def verified(self, stored: StoredBinding) -> Verified | None:
        """What the provider said when it was last asked, by whichever process; None if nothing of it counts any more."""
        found = await self._store.read(lambda tx: notices.verified(tx, stored.id))
        return Verified(found.at, loaded(found.detail)) if found else None

    async def _not_set(self, bound: OpenBinding, error: ChannelError) -> None:
        # Kept, so that pages show it until the provider is asked again.
        actions = (FixAction.SET_WEBHOOK,)
        await self._keep_checks(
            bound, (Check("webhook", CheckState.FAILED, error.message, "Try again in a moment.", actions),)
        )

    async def _keep_checks(self, bound: OpenBinding, checks: tuple[Check, ...]) -> None:
        now = self._now()
        # The answer itself is given in any case.
        with contextlib.suppress(StoreError):
            await self._store.write(lambda tx: notices.put(tx, bound.id, notices.VERIFIED, dumped(checks), now))

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


def _must_be_told(found: Verification) -> None:
    # Where it posts to may be known a moment later, and would then be replaced without asking.
    for check in found.checks:
        if check.code == "webhook" and check.state is CheckState.UNKNOWN:
            raise ProviderUnavailable(f"{check.message} Nothing was changed, for another webhook could be replaced.")
