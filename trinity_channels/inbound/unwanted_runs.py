"""Ends runs at the agent's own host whose answers no one may have any more, also after a restart.

They cost the owner money, and act on behalf of someone who is gone. That one is to be ended is stored in the transaction
that ends its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from trinity_channels.agents.port import AgentRuntime, AgentTurn
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store, unwanted_runs
from trinity_channels.store.unwanted_runs import UnwantedRun

log = get_logger(__name__)

LONGEST_CALL = 5.0
"""Seconds that ending one may take."""
AT_ONCE = 20
FIRST_PAUSE = timedelta(seconds=10)
"""Until the next attempt at one that could not be ended; it doubles with each."""
LONGEST_PAUSE = timedelta(hours=1)
GIVEN_UP = timedelta(days=1)
"""After which it has ended by itself, or no one can end it."""


class UnwantedRuns:
    """The chore."""

    def __init__(self, store: Store, agents: AgentRuntime, now: Callable[[], datetime]) -> None:
        self._store = store
        self._agents = agents
        self._now = now

    async def run(self) -> None:
        """Try to end those that are due."""
        now = self._now()
        found = await self._store.lookup(lambda tx: unwanted_runs.due(tx, now, AT_ONCE))
        await asyncio.gather(*(self._end(one) for one in found))

    async def _end(self, unwanted: UnwantedRun) -> None:
        why = await self._tried(unwanted)
        now = self._now()
        if not why or now - unwanted.since > GIVEN_UP:
            await self._store.write(lambda tx: unwanted_runs.ended(tx, unwanted.id))
        else:
            pause = min(FIRST_PAUSE * 2 ** min(unwanted.attempts, 10), LONGEST_PAUSE)
            await self._store.write(lambda tx: unwanted_runs.postpone(tx, unwanted.id, now + pause))
        if why:
            log.warning("run not ended", agent=unwanted.agent, error=why)

    async def _tried(self, unwanted: UnwantedRun) -> str:
        """What kept it from being ended; empty if nothing did."""
        abandon = getattr(self._agents, "abandon", None)
        if abandon is None:
            return ""
        conversation = f"{unwanted.channel}-{unwanted.conversation}"
        turn = AgentTurn(unwanted.key, unwanted.agent, unwanted.channel, conversation, (), run=unwanted.run)
        try:
            async with asyncio.timeout(LONGEST_CALL):
                await abandon(turn)
        except Exception as error:  # noqa: BLE001  an AgentRuntime may be anyone's code
            return type(error).__name__
        return ""
