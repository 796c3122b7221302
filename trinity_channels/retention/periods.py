"""How many days the messages of each agent are kept: what its owner stored, else its settings table, else the host's."""

from __future__ import annotations

from trinity_channels.agents.table import AgentTable
from trinity_channels.limits import Limits
from trinity_channels.owner_settings import OwnerSettings
from trinity_channels.principal import Principal
from trinity_channels.store import Tx, agent_settings

_NAME = "keep_bodies_days"


class RetentionPeriods:
    """The setting `keep_bodies_days`."""

    def __init__(self, settings: OwnerSettings, limits: Limits, configured: AgentTable) -> None:
        self._settings = settings
        self._limits = limits
        self._configured = configured

    def days(self, tx: Tx, agent: str) -> int:
        """How many days the messages of an agent are kept."""
        stored = self.stored(tx, agent)
        return self.inherited(agent) if stored is None else stored

    def stored(self, tx: Tx, agent: str) -> int | None:
        """What the agent's owner has stored."""
        value = agent_settings.get(tx, agent, _NAME)
        return None if value is None else int(value)

    def inherited(self, agent: str) -> int:
        """What counts for an agent whose owner has stored nothing."""
        configured = self._configured.get(agent)
        return (configured.keep_bodies_days if configured else None) or self._limits.values.keep_bodies_days

    async def setting(self, principal: Principal, agent: str) -> int:
        """How many days, for the owner or an administrator.

        Raises:
            Refusal: the principal is neither.
        """
        return await self._settings.read(principal, agent, lambda tx: self.days(tx, agent))

    async def set(self, principal: Principal, agent: str, days: int | None) -> None:
        """Store how many days, on record; None removes the setting of the owner.

        Raises:
            Refusal: the principal is neither the owner nor an administrator.
        """
        value = None if days is None else str(days)
        await self._settings.put(principal, agent, _NAME, value, "set_retention", {"keep_bodies_days": days})
