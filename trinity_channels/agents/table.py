"""The agents of the settings file, as they are now: the file can be read again while the host runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trinity_channels.agent_settings import Agent


@dataclass(frozen=True, slots=True)
class Changes:
    """The names of the agents that differ, in order."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class AgentTable:
    """Agents by name. It is replaced as a whole, so that threads which read it see the old one or the new one."""

    def __init__(self, agents: Mapping[str, Agent]) -> None:
        self._agents: Mapping[str, Agent] = dict(agents)

    def get(self, name: str) -> Agent | None:
        """One agent, None if it is not configured."""
        return self._agents.get(name)

    def every(self) -> Mapping[str, Agent]:
        """All agents by name, as they are now."""
        return self._agents

    def owner(self, name: str) -> str | None:
        """The e-mail of an agent's owner, None if the agent is not configured."""
        agent = self._agents.get(name)
        return agent.owner if agent else None

    def owned_by(self, owner: str | None) -> list[str]:
        """The names of an owner's agents, in order; None means all agents."""
        return sorted(name for name, agent in self._agents.items() if owner in (None, agent.owner))

    def replace(self, agents: Mapping[str, Agent]) -> None:
        """Put other agents in the place of all."""
        self._agents = dict(agents)

    def changes(self, agents: Mapping[str, Agent]) -> Changes:
        """What would differ if these were put in the place of all."""
        before = self._agents
        return Changes(
            added=tuple(sorted(set(agents) - set(before))),
            changed=tuple(sorted(name for name in set(agents) & set(before) if agents[name] != before[name])),
            removed=tuple(sorted(set(before) - set(agents))),
        )
