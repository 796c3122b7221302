"""After downtime, or when the database could not be used, fetch what the provider could not deliver.

That is every message it still lists and we do not have: not every provider repeats a webhook that was answered 503.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from trinity_channels.api import ProviderUnavailable
from trinity_channels.bindings import Bindings, Disconnected, OpenBinding
from trinity_channels.dispatch import Dispatcher
from trinity_channels.inbound.accept import accept
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, StoreError, bindings, messages

log = structlog.get_logger(__name__)

OVERLAP = timedelta(minutes=5)
"""Clocks differ, and a message may have been under way when the last one came."""


@dataclass(frozen=True, slots=True)
class _Gap:
    """Where messages of a binding may be missing: from its last one before the host started, or since one was refused."""

    binding: int
    channel: str
    agent: str
    from_start: bool = False
    refused_at: datetime | None = None


class CatchUp:
    """Runs for every binding when the host starts, and again while a provider or the database is out of reach."""

    def __init__(
        self,
        store: Store,
        plugins: Plugins,
        opened: Bindings,
        dispatcher: Dispatcher,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._opened = opened
        self._dispatcher = dispatcher
        self._now = now
        self._waiting: dict[int, _Gap] = {}
        self._newest = 0

    async def begin(self) -> None:
        """Before anything new can arrive, remember up to which message everything is known."""
        self._newest, every = await self._store.read(lambda tx: (messages.newest(tx), bindings.every(tx)))
        self._waiting = {
            one.id: _Gap(one.id, one.channel, one.agent, from_start=True)
            for one in every
            if one.connected and one.channel in self._plugins
        }

    def refused(self, bound: OpenBinding) -> None:
        """An authentic request could not be stored: what it brought is to be asked for."""
        gap = self._waiting.get(bound.id, _Gap(bound.id, bound.channel, bound.agent))
        self._waiting[bound.id] = replace(gap, refused_at=gap.refused_at or self._now())

    async def run(self) -> None:
        """Catch up on every binding that waits for it; a failure is logged and harms no other."""
        waiting, self._waiting = self._waiting, {}
        for gap in waiting.values():
            try:
                await self._catch_up(gap)
            except Exception as error:  # noqa: BLE001  whatever it is, the next start tries again
                log.warning("catch-up failed", channel=gap.channel, agent=gap.agent, error=type(error).__name__)
                if isinstance(error, (ProviderUnavailable, StoreError)):
                    self._waiting[gap.binding] = gap

    async def _catch_up(self, gap: _Gap) -> None:
        plugin = self._plugins[gap.channel]
        depth = plugin.manifest.capabilities.list_missed
        if not depth:
            return
        last = gap.refused_at
        if gap.from_start:
            newest = await self._store.read(lambda tx: messages.last_inbound(tx, gap.binding, self._newest))
            last = newest or last
        if last is None:  # a binding that never worked has missed nothing that is known to be ours
            return
        try:
            bound = await self._opened.open(gap.binding)
        except Disconnected:
            return
        now = self._now()
        missed = await plugin.list_missed(bound.binding, max(last - OVERLAP, now - depth), bound.context)
        if not missed:
            return
        accepted = await self._store.write(lambda tx: accept(tx, self._dispatcher, gap.binding, missed, now))
        if accepted.messages:
            log.info("caught up", channel=gap.channel, agent=gap.agent, messages=len(accepted.messages))
        for key in accepted.keys:
            self._dispatcher.after_commit(key)
