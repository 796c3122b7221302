"""What listening plugins deliver is stored as what webhooks bring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from trinity_channels import api
from trinity_channels.bindings import OpenBinding
from trinity_channels.inbound.catch_up import CatchUp
from trinity_channels.inbound.intake import Intake, NotStored
from trinity_channels.inbound.readable import readable
from trinity_channels.observability.metrics import Metrics
from trinity_channels.store import Tx


class Delivered:
    """Takes events of any binding."""

    def __init__(self, intake: Intake, catch_up: CatchUp, metrics: Metrics) -> None:
        self._intake = intake
        self._catch_up = catch_up
        self._metrics = metrics

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
            outcome = (await self._intake.take(bound, rest, fence)).outcome
        except NotStored as error:
            self._metrics.delivered.labels(bound.channel, "store_failed").inc()
            # Not every provider repeats what is not acknowledged.
            self._catch_up.refused(bound)
            raise api.NotStored("The events could not be stored.") from error
        self._metrics.delivered.labels(bound.channel, outcome).inc()
