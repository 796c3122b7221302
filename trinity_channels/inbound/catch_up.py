"""After downtime, fetch what the provider could not deliver: every message it still lists and we do not have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from trinity_channels.api import ProviderUnavailable
from trinity_channels.bindings import Bindings, Disconnected
from trinity_channels.dispatch import Dispatcher
from trinity_channels.inbound.accept import accept
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, bindings, messages
from trinity_channels.store.bindings import StoredBinding

log = structlog.get_logger(__name__)

OVERLAP = timedelta(minutes=5)
"""Clocks differ, and a message may have been under way when the last one came."""


class CatchUp:
    """Runs once for every binding when the host starts, and again for those whose provider could not be asked then."""

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
        self._waiting: list[StoredBinding] = []
        self._newest = 0

    async def begin(self) -> None:
        """Before anything new can arrive, remember up to which message everything is known."""
        self._newest, every = await self._store.read(lambda tx: (messages.newest(tx), bindings.every(tx)))
        self._waiting = [one for one in every if one.connected and one.channel in self._plugins]

    async def run(self) -> None:
        """Catch up on every binding that waits for it; a failure is logged and harms no other."""
        waiting, self._waiting = self._waiting, []
        for stored in waiting:
            try:
                await self._catch_up(stored)
            except Exception as error:  # noqa: BLE001  whatever it is, the next start tries again
                log.warning("catch-up failed", channel=stored.channel, agent=stored.agent, error=type(error).__name__)
                if isinstance(error, ProviderUnavailable):
                    self._waiting.append(stored)

    async def _catch_up(self, stored: StoredBinding) -> None:
        plugin = self._plugins[stored.channel]
        depth = plugin.manifest.capabilities.list_missed
        if not depth:
            return
        last = await self._store.read(lambda tx: messages.last_inbound(tx, stored.id, self._newest))
        if last is None:  # a binding that never worked has missed nothing that is known to be ours
            return
        try:
            bound = await self._opened.open(stored.id)
        except Disconnected:
            return
        now = self._now()
        missed = await plugin.list_missed(bound.binding, max(last - OVERLAP, now - depth), bound.context)
        if not missed:
            return
        accepted = await self._store.write(lambda tx: accept(tx, self._dispatcher, stored.id, missed, now))
        if accepted.messages:
            log.info("caught up", channel=stored.channel, agent=stored.agent, messages=len(accepted.messages))
        for key in accepted.keys:
            self._dispatcher.after_commit(key)
