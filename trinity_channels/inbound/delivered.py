"""What listening plugins deliver is stored as what webhooks bring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from trinity_channels import api
from trinity_channels.bindings import Disconnected, OpenBinding
from trinity_channels.inbound.catch_up import CatchUp
from trinity_channels.inbound.intake import Intake, NotStored
from trinity_channels.inbound.readable import readable
from trinity_channels.inbound.unstorable import Unstorable
from trinity_channels.observability.metrics import Metrics
from trinity_channels.store import StoreError, Tx


class Delivered:
    """Takes events of any binding."""

    def __init__(self, intake: Intake, catch_up: CatchUp, metrics: Metrics, now: Callable[[], datetime]) -> None:
        self._intake = intake
        self._catch_up = catch_up
        self._metrics = metrics
        self._unstorable = Unstorable(now)

    def resumed(self, bound: OpenBinding, since: datetime) -> None:
        """It is connected again, after a connection that has failed since then."""
        self._catch_up.unheard(bound, since)

    async def take(self, bound: OpenBinding, events: Sequence[api.Event], fence: Callable[[Tx], None]) -> None:
        """Store them; returns after the commit. `fence` as in `Intake.take`.

        Raises:
            Disconnected: of the fence; nothing was changed.
            NotStored: of the contract; nothing was changed.
        """
        # Unlike a webhook's, malformed events alone are taken, too: otherwise they would come again without end.
        rest = readable(bound, events)
        if not rest:
            return
        try:
            outcome = await self._store(bound, rest, fence)
        except NotStored as error:
            self._metrics.delivered.labels(bound.channel, "store_failed").inc()
            # Not every provider repeats what is not acknowledged.
            self._catch_up.refused(bound)
            raise api.NotStored("The events could not be stored.") from error
        self._metrics.delivered.labels(bound.channel, outcome).inc()

    async def _store(self, bound: OpenBinding, events: Sequence[api.Event], fence: Callable[[Tx], None]) -> str:
        try:
            return (await self._intake.take(bound, events, fence)).outcome
        except Disconnected:
            raise
        except Exception as error:
            # The database cannot take anything now: that passes, and has nothing to do with the event.
            if isinstance(error.__cause__ if isinstance(error, NotStored) else error, StoreError):
                raise
            if len(events) > 1:
                return await self._store_each(bound, events, fence)
            if not self._unstorable.gives_up(bound, events[0]):
                raise NotStored from error
            return "malformed"

    async def _store_each(self, bound: OpenBinding, events: Sequence[api.Event], fence: Callable[[Tx], None]) -> str:
        """Store those that can be, so that no other one waits for those that cannot."""
        failed: NotStored | None = None
        for event in events:
            try:
                outcome = await self._store(bound, (event,), fence)
            except NotStored as error:
                failed = error
        if failed is not None:
            raise failed
        return outcome
