"""The public address of this host: where providers reach our webhooks. The stored setting wins over the configured one.

An application around the host may have the address instead; then neither of the two counts.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, Self

from trinity_channels.api import Check, CheckState, FixAction
from trinity_channels.bindings.kept_checks import dumped, loaded
from trinity_channels.principal import APPLICATION
from trinity_channels.public_url import normalise_public_url
from trinity_channels.store import Store, StoreError, Tx, audit, bindings, settings
from trinity_channels.store.news import Subject

NAME = "public_chat_url"
IN_THE_APPLICATION = "Set the address in the application around this host."
_KNOWN = "public_chat_url_known"
"""The setting that keeps the address that counted last."""
_CHANGED = "public_chat_url_changed_at"
"""The setting that keeps since when it counts, where it is not the first one."""
_BEFORE = "public_chat_url_before"
"""The setting that keeps the last other address that a provider may know, and since when it counted, as `_CHANGED` does."""

_PROBED = "public_chat_url_probed"
"""The setting that keeps what the newest probes found, by channel."""
_TOLD = "public_chat_url_told"
"""The setting that keeps the application's address that all providers were told of; empty while they are being told."""


class AddressSource(Protocol):
    """What the host asks the surrounding application for the address that providers reach it at."""

    async def public_address(self) -> str | None:
        """The address with http:// or https:// and without the path of our routes; empty or None if there is none.

        Asked every second, and when the application says that it has changed.
        """


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe through the public address found for one channel: a check for each leg of the way in.

    `url` is the address without its key.
    """

    channel: str
    url: str
    at: datetime
    checks: tuple[Check, ...]

    def dumped(self) -> list[str]:
        """What is stored of it."""
        return [self.url, self.at.isoformat(), dumped(self.checks)]

    @classmethod
    def loaded(cls, channel: str, stored: Sequence[str]) -> Self:
        """What was stored."""
        url, at, checks = stored
        return cls(channel, url, datetime.fromisoformat(at), loaded(checks))

    @property
    def failure(self) -> Check | None:
        """The leg that failed, None if none did."""
        return next((one for one in self.checks if one.state is CheckState.FAILED), None)


class PublicAddress:
    """Holds the address in memory; every webhook's signature is computed over it.

    Attributes:
        value: the address, without trailing slash; None if there is none.
        configured: the value of TRINITY_CHANNELS_PUBLIC_CHAT_URL, which counts until another one is stored; None if it is
            not set.
        changed_at: since when it is this one; None if it was never another one.
        untold: whether providers may still have another address than the one that the application names.
        probed: by channel, what the newest probe through this address found, by whichever process it was sent.
    """

    def __init__(self, store: Store, first: str | None, source: AddressSource | None = None) -> None:
        self._store = store
        self._source = source
        self.value = None if source else first
        self.configured = self.value
        self.changed_at: datetime | None = None
        self.probed: dict[str, Probed] = {}
        self.untold = False
        self._unstored = False
        store.read_on_news(Subject.PROBES, self.load)

    @property
    def given(self) -> bool:
        """Whether the application has the address, and it cannot be changed here."""
        return self._source is not None

    @property
    def ignored(self) -> str | None:
        """The value of TRINITY_CHANNELS_PUBLIC_CHAT_URL where a stored one wins over it; None where the two agree."""
        return None if self.configured == self.value else self.configured

    def with_place(self, checks: Iterable[Check]) -> tuple[Check, ...]:
        """Findings, of a plugin for one, of which those about the address say where it is set."""
        return tuple(map(_in_the_application, checks)) if self.given else tuple(checks)

    async def load(self) -> None:
        """Read the stored address, if there is one."""
        stored, changed, probed = await self._store.read(
            lambda tx: (settings.get(tx, NAME), settings.get(tx, _CHANGED), settings.get(tx, _PROBED))
        )
        if stored is not None and not self.given:
            # An empty stored value means "none" and wins over the settings too.
            self.value = stored or None
        every = [Probed.loaded(channel, one) for channel, one in json.loads(probed or "{}").items()]
        # What others found was about another address.
        self.probed = {one.channel: one for one in every if one.url == self.webhook(one.channel, "")}
        self.changed_at = datetime.fromisoformat(changed) if changed else None

    async def start(self, now: datetime) -> None:
        """The same for a host that starts working: its settings may name another address than the last time."""
        known, told = await self._store.read(lambda tx: (settings.get(tx, _KNOWN), settings.get(tx, _TOLD)))
        try:
            await self._ask()
        except Exception:  # noqa: BLE001  the application's own code, which is asked again a second later
            # Until then webhooks are signed for the address that counted last.
            self.value = self.configured = known
        await self.load()
        if self.value is None:
            return
        # Providers that are told by API may still have the address that the application had when the host stopped.
        self.untold = self.given and told != self.value
        if known == self.value:
            return
        # A start must not depend on a database that can be written to. What cannot be stored now is stored later.
        self._unstored = self.given and known is not None
        with contextlib.suppress(StoreError):
            if self._unstored:
                await self.store(now)
            else:
                await self._store.write(lambda tx: self._note(tx, self.value or "", now))
                await self.load()

    async def follow(self) -> bool:
        """Ask the application, if it has the address; returns whether it is another one than before.

        Raises:
            ValueError: what it says is not an address that a provider could reach us at; the former one stays.
            Exception: whatever the application raises.
        """
        if not await self._ask():
            return False
        self.untold = self._unstored = True
        self.probed.clear()
        return True

    async def store(self, now: datetime) -> None:
        """Store what the application says, and that providers are not told of it yet; nothing if it is stored.

        Afterwards `untold` is false if another process has told them.

        Raises:
            StoreError: it is not stored.
        """
        value = self.value
        if not self._unstored:
            return

        def store(tx: Tx) -> bool:
            if value and settings.get(tx, _KNOWN) == value:  # another process has been here
                return settings.get(tx, _TOLD) != value
            self._note(tx, value or "", now)
            settings.put(tx, _TOLD, "")
            audit.add(tx, now, APPLICATION.actor, "set_public_chat_url")
            return True

        self.untold = await self._store.write(store)
        # The application may have named another one meanwhile.
        self._unstored = self.value != value
        await self.load()

    async def told(self, value: str | None) -> None:
        """All providers that can be told have been told of an address; None if there was none to tell.

        Raises:
            StoreError: it is not stored, and they are told again.
        """
        if value:
            await self._store.write(lambda tx: settings.put(tx, _TOLD, value))
        self.untold = self.value != value

    async def _ask(self) -> bool:
        """Take over what the application says; returns whether it differs from before."""
        if self._source is None:
            return False
        text = await self._source.public_address() or ""
        value = (normalise_public_url(text) if text.strip() else "") or None
        differs, self.value, self.configured = value != self.value, value, value
        return differs

    @staticmethod
    def _note(tx: Tx, value: str, now: datetime) -> None:
        """Remember since when an address counts; no address is none that a provider could know."""
        known = settings.get(tx, _KNOWN)
        if value and value != known:
            settings.put(tx, _KNOWN, value)
            if known:
                changed = settings.get(tx, _CHANGED) or ""
                before, since = json.loads(settings.get(tx, _BEFORE) or '["", ""]')
                used = not changed or _used_since(tx, datetime.fromisoformat(changed))
                if used:
                    settings.put(tx, _BEFORE, json.dumps([known, changed]))
                # Put back before a provider could have learned another one.
                settings.put(tx, _CHANGED, since if before == value and not used else now.isoformat())

    async def set(self, text: str, now: datetime) -> None:
        """Check and store a new address; an empty one means none.

        Raises:
            ValueError: it is not an address that a provider could reach us at.
        """
        value = normalise_public_url(text) if text.strip() else ""

        def store(tx: Tx) -> None:
            settings.put(tx, NAME, value)
            self._note(tx, value, now)
            tx.tell(Subject.ADDRESS)

        await self._store.write(store)

    async def keep(self, found: Probed) -> None:
        """Keep what a probe has found, for all processes; it is not stored while the database cannot be written to."""
        self.probed[found.channel] = found

        def store(tx: Tx) -> None:
            every = json.loads(settings.get(tx, _PROBED) or "{}")
            settings.put(tx, _PROBED, json.dumps(every | {found.channel: found.dumped()}))
            tx.tell(Subject.PROBES)

        with contextlib.suppress(StoreError):
            await self._store.write(store)

    def webhook(self, channel: str, key: str) -> str | None:
        """What an owner gives the provider; None while no address is set."""
        return f"{self.value}/api/{channel}/webhook/{key}" if self.value else None


def _in_the_application(check: Check) -> Check:
    if FixAction.SET_PUBLIC_URL not in check.actions:
        return check
    actions = tuple(one for one in check.actions if one is not FixAction.SET_PUBLIC_URL)
    return replace(check, fix=IN_THE_APPLICATION, actions=actions)


def _used_since(tx: Tx, at: datetime) -> bool:
    """Whether an account was connected, or someone wrote to one, so that its provider may know the address since then."""
    wrote = (bindings.last_inbound(tx, one.id) for one in bindings.every(tx) if one.connected)
    return any(one is not None and one >= at for one in (bindings.newest_change(tx), *wrote))
