"""Requests to webhook addresses that no binding has: our own probes are recognised, all others are counted.

Strangers send them, so the counts are written down only at times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from trinity_channels.inbound.way_in.probes import Probes
from trinity_channels.store import Store, unknown_webhooks

_TEST = "test"
"""The key with which the instructions let operators test the route; no binding ever has it."""


class UnknownWebhooks:
    """Keeps what was counted in memory until the housekeeping writes it down.

    Attributes:
        probes: those of this host that are on their way.
    """

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self.probes = Probes(store, now)
        self._counted: Counter[str] = Counter()

    def count(self, channel: str, key: str) -> None:
        """One more, unless it is an operator's test of the route."""
        if key != _TEST:
            self._counted[channel] += 1

    async def run(self) -> None:
        """Write down what was counted since the last time; called periodically, and when the host stops."""
        counted, self._counted = self._counted, Counter()
        if not counted:
            return
        now = self._now()
        try:
            await self._store.write(lambda tx: unknown_webhooks.add(tx, counted, now))
        except BaseException:
            # Put back, so that nothing is lost if the database fails; cancelled, too.
            self._counted += counted
            raise

    async def last_day(self) -> int:
        """How many there were in the last day."""
        now = self._now()
        return self._counted.total() + await self._store.read(lambda tx: unknown_webhooks.last_day(tx, now))
