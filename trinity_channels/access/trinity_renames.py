"""Notices that the platform has renamed an agent, by a run that this host began: the run is the renamed agent's now.

A rename there moves an agent's executions to its new name, and their ids are never used twice:
https://github.com/Abilityai/trinity, src/backend/routers/agent_rename.py
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from trinity_channels.access.trinity_directory import TrinityDirectory
from trinity_channels.bindings.agent_changes import AgentChanges
from trinity_channels.observability.log import get_logger
from trinity_channels.principal import PLATFORM
from trinity_channels.refusal import Unavailable
from trinity_channels.store import Store, Tx, agent_names, agent_runs, bindings

log = get_logger(__name__)

EVERY = timedelta(minutes=1)
_ASKED_AGAIN = timedelta(minutes=10)
"""When an agent is asked again about a run that was not its own: its new name may be known before its runs have it."""


class RenamedAgents:
    """Gives what is stored for agents that are gone to those that have their runs."""

    def __init__(
        self, store: Store, directory: TrinityDirectory, changes: AgentChanges, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._directory = directory
        self._changes = changes
        self._now = now
        self._due = now() + EVERY
        self._asked: dict[tuple[str, str], datetime] = {}

    async def run(self) -> None:
        """Look for connected agents that are gone; called periodically."""
        now = self._now()
        if now < self._due:
            return
        self._due = now + EVERY
        # That it cannot be asked is told where an answer is needed; this is tried again.
        with contextlib.suppress(Unavailable):
            names = await self._directory.agents(None)
            gone, free = await self._store.read(lambda tx: _gone(tx, names))
            for agent, run in gone:
                await self._find(agent, run, free, now)

    async def _find(self, agent: str, run: str, free: Sequence[str], now: datetime) -> None:
        for name in free:
            asked = self._asked.get((agent, name))
            if asked and now < asked + _ASKED_AGAIN:
                continue
            its = await self._directory.accounts.has_run(name, run)
            self._asked[agent, name] = now
            if its:
                await self._changes.renamed(PLATFORM, agent, name)
                log.info("agent renamed on the platform", agent=agent, name=name)
                self._asked.clear()
                return


def _gone(tx: Tx, names: Collection[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Connected agents that are not there, each with its newest run, and the names for which nothing is stored."""
    agents = dict.fromkeys(one.agent for one in bindings.every(tx) if one.connected and one.agent not in names)
    gone = [(agent, run) for agent in agents if (run := agent_runs.newest(tx, agent))]
    return gone, [name for name in names if not agent_names.stored(tx, name)] if gone else []
