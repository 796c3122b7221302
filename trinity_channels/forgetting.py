"""A chore of each process: forget what it has begun and another process has gone on with, and the texts in it."""

from __future__ import annotations

from trinity_channels.inbound.turn import Turns
from trinity_channels.outbound.deliver import Deliveries


class Forgetting:
    """Forgets what turns and deliveries remember. A conversation may never run in this process again."""

    def __init__(self, turns: Turns, deliveries: Deliveries) -> None:
        self._turns = turns
        self._deliveries = deliveries

    async def run(self) -> None:
        """Forget what is too old, or has been settled by others.

        Raises:
            StoreError: what others have settled could not be read; it is kept.
        """
        self._turns.forget()
        await self._deliveries.forget()
