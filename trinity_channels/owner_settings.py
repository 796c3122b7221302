"""Settings of one agent that its owner reads and changes: who may do so, and the entry in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from trinity_channels.authorisation import Authorisation
from trinity_channels.principal import Principal
from trinity_channels.store import Store, Tx, Unit, agent_settings, audit

T = TypeVar("T")


class OwnerSettings:
    """Reads and changes the settings of an agent for its owner or an administrator."""

    def __init__(self, store: Store, may: Authorisation, now: Callable[[], datetime]) -> None:
        self._store = store
        self._may = may
        self._now = now

    async def read(self, principal: Principal, agent: str, unit: Unit[T]) -> T:
        """What a unit finds, which reads a few settings of the agent.

        Raises:
            Refusal: the principal is neither the owner nor an administrator.
        """
        await self._may.owner(principal, agent)
        return await self._store.lookup(unit)

    async def put(
        self,
        principal: Principal,
        agent: str,
        name: str,
        value: str | None,
        action: audit.Action,
        details: Mapping[str, object],
    ) -> None:
        """Store a setting, on record; None removes it. `details` are for the audit log.

        Raises:
            Refusal: the principal is neither the owner nor an administrator.
        """
        await self._may.owner(principal, agent)
        now = self._now()

        def change(tx: Tx) -> None:
            agent_settings.put(tx, agent, name, value)
            audit.add(tx, now, principal.actor, action, agent=agent, details=details)

        await self._store.write(change)
