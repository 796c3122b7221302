"""The agents of the settings as one AgentRuntime: each turn goes to the runtime its agent is configured with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx
from pydantic import SecretStr

from trinity_channels.agent_settings import Agent, EchoAgent, OpenAIAgent
from trinity_channels.agents.echo import EchoRuntime
from trinity_channels.agents.openai import OpenAIRuntime
from trinity_channels.agents.port import AgentFailed, AgentRuntime, AgentTurn, Answer
from trinity_channels.agents.table import AgentTable
from trinity_channels.agents.trinity import TrinityRuntime


@dataclass(frozen=True, slots=True)
class Platform:
    """Where Trinity's API is, and the token for it."""

    url: str
    token: SecretStr


class ConfiguredAgents:
    """Runs the agents that `channels.toml` names; those with runtime = "trinity" need the platform."""

    def __init__(
        self, agents: AgentTable, platform: Platform | None, http: httpx.AsyncClient, now: Callable[[], datetime]
    ) -> None:
        self._agents = agents
        self._platform = platform
        self._http = http
        self._now = now
        # by name, each with the settings it was made from, which may have been replaced
        self._runtimes: dict[str, tuple[Agent, AgentRuntime]] = {}

    async def run(self, turn: AgentTurn) -> str | Answer:
        agent = self._agents.get(turn.agent)
        if agent is None:
            self._runtimes.pop(turn.agent, None)
            raise AgentFailed("no such agent is configured any more")
        made_from, runtime = self._runtimes.get(turn.agent, (None, None))
        # By identity, which costs nothing in each turn: a reload brings new objects for all agents.
        if runtime is None or made_from is not agent:
            runtime = _runtime(agent, self._platform, self._http, self._now)
            self._runtimes[turn.agent] = agent, runtime
        return await runtime.run(turn)


def _runtime(
    agent: Agent, platform: Platform | None, http: httpx.AsyncClient, now: Callable[[], datetime]
) -> AgentRuntime:
    if isinstance(agent, EchoAgent):
        return EchoRuntime()
    if isinstance(agent, OpenAIAgent):
        return OpenAIRuntime(http, agent, now)
    assert platform is not None  # noqa: S101  the settings check that it is there
    return TrinityRuntime(http, platform.url, platform.token, agent.timeout_seconds, now=now)
