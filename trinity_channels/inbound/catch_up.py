"""Fetch what the provider could not deliver: after downtime, when the database failed, when its signatures were refused.

That is every message it still lists and we do not have: not every provider repeats a webhook that was refused.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import BaseModel

from trinity_channels.api import ChannelError, ConfigurationError, ProviderUnavailable
from trinity_channels.bindings import Bindings, Disconnected, OpenBinding
from trinity_channels.crypto.vault import VaultError
from trinity_channels.inbound.asked_pause import asked_pause
from trinity_channels.inbound.missed import MissedMessages
from trinity_channels.observability.failures import Failures, cause_of
from trinity_channels.observability.log import get_logger
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, StoreError, Tx, bindings, messages
from trinity_channels.store.news import Subject

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Gap:
    """Where messages of a binding may be missing.

    From the last one that was known when the host began to look back, or since one could not be stored. Since when requests
    were refused for their signature is stored with the binding, for it outlasts a restart.

    Attributes:
        account: the provider's: what another one received is not missing here.
        known: the newest message of all when the host began to look back; None if it did not for this gap.
        not_before: when the provider may be asked again; None if it has asked for no pause.
    """

    binding: int
    channel: str
    agent: str
    account: str
    known: int | None = None
    refused_at: datetime | None = None
    not_before: datetime | None = None

    @classmethod
    def of(cls, bound: OpenBinding) -> _Gap:
        """Nothing is missing, unless requests were refused for their signature."""
        return cls(bound.id, bound.channel, bound.agent, bound.binding.account.key)

    def and_also(self, other: _Gap | None) -> _Gap:
        """Both gaps of a binding as one."""
        if other is None or other.account != self.account:
            return self
        times = [one for one in (self.refused_at, other.refused_at) if one is not None]
        known = [one.known for one in (self, other) if one.known is not None]
        pauses = [one.not_before for one in (self, other) if one.not_before is not None]
        return replace(
            self,
            known=min(known, default=None),
            refused_at=min(times, default=None),
            not_before=max(pauses, default=None),
        )


class CatchUp:
    """Runs for every binding when the host starts, and again while a provider or the database is out of reach.

    Of several processes the one that leads looks back, when it begins to lead. What one could not store, it fetches itself.
    """

    def __init__(
        self,
        store: Store,
        plugins: Plugins,
        opened: Bindings,
        missed: MissedMessages,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._opened = opened
        self._missed = missed
        self._now = now
        self._waiting: dict[int, _Gap] = {}
        # Gaps that could not be listed with the credentials of the binding.
        self._stuck: dict[int, _Gap] = {}
        # Of each binding the settings with which a request was authentic last: they are known to be right.
        self._proven: dict[int, BaseModel] = {}
        # Bindings with requests refused for their signature since then, and whether they may have been the provider's.
        self._mistrusted: dict[int, bool] = {}
        # Bindings whose refused requests were another sender's, and until when that is known.
        self._forged: dict[int, datetime] = {}
        self._failures = Failures(now)
        self._looks_back = False
        self._begun = False
        self._running = asyncio.Lock()
        self._wanted = asyncio.Event()
        store.on_news(Subject.BINDINGS, self._try_stuck)

    async def begin(self) -> None:
        """Before anything new can arrive, remember up to which message everything is known."""
        # They belong to the event loop in which something has waited for them, and a host may start again in another.
        self._running, self._wanted = asyncio.Lock(), asyncio.Event()
        self._waiting = {}
        await self._find_gaps()
        self._begun = True

    def look_back(self) -> None:
        """This process leads: let the next round fetch what may be missing since the last message that is known."""
        self._looks_back = True
        if self._begun:
            self._wanted.set()

    async def _find_gaps(self) -> None:
        if not self._looks_back:
            return
        # Messages that arrive while we catch up must not move the start of the gap.
        newest, every = await self._store.read(lambda tx: (messages.newest(tx), bindings.every(tx)))
        self._looks_back = False
        for one in every:
            if one.connected and one.channel in self._plugins:
                self._add(_Gap(one.id, one.channel, one.agent, one.account.key, known=newest))

    def refused(self, bound: OpenBinding) -> None:
        """An authentic request could not be stored: what it brought is to be asked for."""
        self._add(replace(_Gap.of(bound), refused_at=self._now()))

    def unheard(self, bound: OpenBinding, since: datetime) -> None:
        """There was no connection to the provider since then: what it could not deliver is to be asked for."""
        self._add(replace(_Gap.of(bound), refused_at=since))
        self._wanted.set()

    def mistrusted(self, bound: OpenBinding, *, genuine: bool) -> None:
        """A request was refused for its signature; `genuine`: it is the provider's nevertheless, for another address.

        If the settings were proven right before, it was another sender's: then it must not make us ask the provider, or
        strangers could. If the secret has changed at the provider since, the owner has to enter it, and then we do ask.
        """
        # The object itself is compared: a binding that was saved again has new settings, which are not proven yet.
        suspect = genuine or self._proven.get(bound.id) is not bound.binding.settings
        # One suspect request is enough; forged ones beside it do not clear it.
        self._mistrusted[bound.id] = self._mistrusted.get(bound.id, False) or suspect

    def trusted(self, bound: OpenBinding) -> None:
        """A request was authentic, so the credentials are right; called for every one of them."""
        proven, self._proven[bound.id] = self._proven.get(bound.id), bound.binding.settings
        if bound.id not in self._mistrusted:
            return
        # With settings that were entered since, it says nothing about those that were in force when one was refused.
        if self._mistrusted.pop(bound.id) or proven is not bound.binding.settings:
            self.credentials_work(bound)
        else:
            # Written down by the next round: no request waits for the database because of what strangers send.
            self._forged[bound.id] = self._now()

    def credentials_work(self, bound: OpenBinding) -> None:
        """The provider has accepted the credentials of a binding: fetch what was refused or could not be listed before."""
        if self._begun:  # a command beside a running host fetches nothing
            self._add(_Gap.of(bound).and_also(self._stuck.pop(bound.id, None)))
            self._wanted.set()

    def _try_stuck(self) -> None:
        """Credentials may have changed, perhaps in another process."""
        if self._begun and self._stuck:
            stuck, self._stuck = self._stuck, {}
            for gap in stuck.values():
                self._add(gap)
            self._wanted.set()

    def _add(self, gap: _Gap) -> None:
        self._waiting[gap.binding] = gap.and_also(self._waiting.get(gap.binding))

    async def wait(self, seconds: float) -> None:
        """Wait until there is something to fetch at once, at most for a time."""
        # not `wait_for`: up to Python 3.11 it may swallow a cancellation that comes as the event is set
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wanted.wait()

    async def run(self) -> None:
        """Catch up on every binding that waits for it; a failure is logged and harms no other."""
        async with self._running:
            self._wanted.clear()
            await self._find_gaps()
            # Taken out first: what is added while we write belongs to the next round.
            forged, self._forged = self._forged, {}
            if forged:
                await self._store.write(lambda tx: _forget(tx, forged))
            waiting, self._waiting = self._waiting, {}
            # One after another: after downtime every binding has a gap, and the providers have limits.
            for gap in waiting.values():
                if gap.not_before is None or gap.not_before <= self._now():
                    await self._try(gap)
                else:
                    self._add(gap)

    async def _try(self, gap: _Gap) -> None:
        try:
            await self._catch_up(gap)
        except Exception as error:  # noqa: BLE001  whatever it is, the next start tries again
            self._tell(gap, error)
            if isinstance(error, (ProviderUnavailable, StoreError)):
                # Not so late that what is missing is not listed any more.
                pause = min(asked_pause(error), self._missed.listed(gap.channel) / 2)
                self._add(replace(gap, not_before=self._now() + pause))
            # Trying again would fail again: it waits until the credentials have changed.
            elif isinstance(error, ConfigurationError):
                self._stuck[gap.binding] = gap.and_also(self._stuck.get(gap.binding))
        else:
            if self._failures.ended(gap.binding):
                log.info("catch-up works again", channel=gap.channel, agent=gap.agent)

    def _tell(self, gap: _Gap, error: Exception) -> None:
        """Log a failure, once for each cause: while a provider cannot be reached, it is repeated every few seconds."""
        cause = cause_of(error)
        if self._failures.is_news(gap.binding, cause):
            fault = not isinstance(
                error, (ChannelError, StoreError, VaultError)
            )  # a traceback only for what we do not expect
            log.warning("catch-up failed", channel=gap.channel, agent=gap.agent, cause=cause, exc_info=fault)

    async def _catch_up(self, gap: _Gap) -> None:
        if not self._missed.listed(gap.channel):
            return
        first = await self._store.read(lambda tx: self._first(tx, gap))
        if first is None:  # nothing was refused, or the binding never worked: nothing is known to be missing
            return
        try:
            bound = await self._opened.open(gap.binding)
        except Disconnected:
            return
        # The owner has connected another account since.
        if bound.binding.account.key != gap.account:
            return
        fetched = await self._missed.fetch(bound, first)
        if fetched.messages:
            log.info("caught up", channel=gap.channel, agent=gap.agent, messages=fetched.messages)

    def _first(self, tx: Tx, gap: _Gap) -> datetime | None:
        """From when messages may be missing, None if none are."""
        stored = bindings.by_id(tx, gap.binding)
        times = [gap.refused_at, stored.refused_since if stored else None]
        if gap.known is not None:
            # The last message that is known is the earliest point at which one may be missing.
            times.append(messages.last_inbound(tx, gap.binding, gap.known))
        return min((one for one in times if one is not None), default=None)


def _forget(tx: Tx, forged: Mapping[int, datetime]) -> None:
    """What was refused for its signature up to a time was not the provider's."""
    for binding, upto in forged.items():
        # Only up to that time: a request that was refused since may be the provider's.
        bindings.fetched(tx, binding, upto)
