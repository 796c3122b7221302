"""Connected bindings with their secrets open, kept in memory: a webhook must not decrypt or query for its binding."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from pydantic import SecretStr

from trinity_channels.api import Binding
from trinity_channels.bindings.contexts import Contexts
from trinity_channels.bindings.open_binding import OpenBinding
from trinity_channels.bindings.stored_secrets import StoredSecrets
from trinity_channels.bindings.webhook_key import digest
from trinity_channels.crypto.vault import VaultError
from trinity_channels.observability.log import get_logger
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, Tx, bindings, retired_keys
from trinity_channels.store.bindings import StoredBinding
from trinity_channels.store.news import Subject
from trinity_channels.store.retired_keys import RetiredKey

log = get_logger(__name__)


class Disconnected(Exception):
    """The binding is not connected any more, or its channel's plugin is not installed."""


class Gone(Exception):
    """A webhook address was replaced, and the encryption key for it is lost: nothing can be authenticated there."""

    def __init__(self, bound: OpenBinding) -> None:
        super().__init__()
        self.bound = bound


async def _nothing(_: int) -> None:
    pass


class Bindings:
    """Opens bindings, and forgets them when they change.

    Attributes:
        secrets: those of stored bindings, whether they are open or not.
        contexts: what the plugins' hooks are given.
        let_go: ends what this process does to listen for a binding that does not any more.
    """

    def __init__(
        self,
        store: Store,
        plugins: Plugins,
        secrets: StoredSecrets,
        contexts: Contexts,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self.secrets = secrets
        self.contexts = contexts
        self._now = now
        self.let_go: Callable[[int], Awaitable[None]] = _nothing
        self._open: dict[int, OpenBinding] = {}
        self._by_key: dict[tuple[str, str], OpenBinding] = {}
        self._known_keys: set[tuple[str, str]] = set()
        self._changes = 0
        self._keys_are_known = False
        store.on_news(Subject.BINDINGS, self.forget)
        store.read_on_news(Subject.BINDINGS, self._learn_again)
        store.read_on_news(Subject.ADDRESS, self._follow_address)

    async def open(self, binding: int) -> OpenBinding:
        """One connected binding.

        Raises:
            Disconnected: it is not connected.
            VaultError: its secrets cannot be decrypted.
        """
        if binding in self._open:
            return self._open[binding]
        # Compared again before anything is kept: a change during the read must not bring the old secrets back.
        changes = self._changes
        stored, replaces = await self._store.read(lambda tx: self._read(tx, bindings.by_id(tx, binding)))
        if stored is None or not stored.connected or stored.channel not in self._plugins:
            raise Disconnected
        return self._keep(stored, changes, replaces=replaces)

    async def by_key(self, channel: str, key: str) -> OpenBinding | None:
        """The binding of a webhook key, None if the key is unknown. A retired key is known, see `OpenBinding.retired`.

        Raises:
            VaultError: its secrets cannot be decrypted.
            Gone: the key is a retired one that cannot be decrypted.
        """
        known = self._by_key.get((channel, key))
        if known:
            return known
        wanted, changes = digest(key), self._changes
        stored, replaces = await self._store.read(lambda tx: self._read(tx, bindings.by_digest(tx, channel, wanted)))
        if stored is not None:
            return self._keep(stored, changes, replaces=replaces)
        # Only now: nearly every key is either cached, current or unknown.
        retired = await self._store.read(lambda tx: retired_keys.by_digest(tx, channel, wanted))
        return None if retired is None else await self._retired(retired, key)

    async def learn_keys(self) -> None:
        """Keep the digests of the webhook keys of all bindings in memory, from now on also after they change."""
        self._keys_are_known = True
        self._known_keys = await self._store.read(lambda tx: bindings.digests(tx) | retired_keys.digests(tx))

    async def _learn_again(self) -> None:
        if self._keys_are_known:
            await self.learn_keys()

    async def _follow_address(self) -> None:
        await self.contexts.address.load()
        # The open bindings hold contexts with the former address.
        self.forget()

    def knows(self, channel: str, key: str) -> bool:
        """Whether a webhook key is a connected binding's, told without the database; see `learn_keys`."""
        return (channel, digest(key)) in self._known_keys

    async def _retired(self, retired: RetiredKey, key: str) -> OpenBinding | None:
        """The binding behind an address that was replaced: what comes there was sent before, or signed for it."""
        changes = self._changes
        now = await self.open(retired.binding)
        try:
            webhook = self.secrets.former_key(now.agent, now.channel, retired.webhook_key)
        except VaultError as error:
            raise Gone(now) from error
        found = replace(
            now,
            binding=replace(now.binding, webhook_secret=SecretStr(webhook.secret)),
            # With its own address: providers sign the one that they were given.
            context=self.contexts.of(now.channel, key),
            retired=retired.ends_at,
            replaces=False,
        )
        if changes == self._changes:
            self._by_key[now.channel, key] = found
        return found

    def _read(self, tx: Tx, stored: StoredBinding | None) -> tuple[StoredBinding | None, bool]:
        """With whether addresses that it has replaced still work."""
        return stored, stored is not None and retired_keys.working(tx, stored.id, self._now()) is not None

    def forget(self) -> None:
        """Something has changed: a binding, its key, or the public address. All of them are read again."""
        self._changes += 1
        self._open.clear()
        self._by_key.clear()

    async def locked(self) -> tuple[int, list[StoredBinding]]:
        """How many bindings are connected, and those of them whose encryption key is not there.

        Nothing is decrypted: monitoring asks this often.
        """
        connected = [one for one in await self._store.read(bindings.every) if one.connected]
        return len(connected), [one for one in connected if self.secrets.is_locked(one)]

    async def tell_locked(self) -> None:
        """Say once, in the log, whose encryption key is lost; the host works without them."""
        _, locked = await self.locked()
        if locked:
            accounts = ", ".join(f"{one.agent} on {one.channel}" for one in locked)
            log.error(
                "encryption key lost: nothing is received or sent",
                accounts=accounts,
                reason=self.secrets.locked_by(locked[0]),
            )

    def _keep(self, stored: StoredBinding, changes: int, *, replaces: bool) -> OpenBinding:
        plugin = self._plugins[stored.channel]
        webhook = self.secrets.webhook_key(stored)
        opened = OpenBinding(
            id=stored.id,
            agent=stored.agent,
            channel=stored.channel,
            plugin=plugin,
            binding=Binding(
                plugin.manifest.settings.model_validate({**stored.settings, **self.secrets.all(stored)}),
                stored.account,
                SecretStr(webhook.secret),
                listens=stored.listens,
            ),
            context=self.contexts.of(stored.channel, webhook.key if plugin.receives else None),
            # What is fetched does not show that the owner has entered the new address.
            replaces=replaces and not stored.listens,
        )
        self._known_keys.add((stored.channel, digest(webhook.key)))
        if changes == self._changes:  # else something changed since it was read
            self._open[stored.id] = opened
            # Also of one that listens: until the provider knows that, it posts here, and would forget what is refused.
            self._by_key[stored.channel, webhook.key] = opened
        return opened
