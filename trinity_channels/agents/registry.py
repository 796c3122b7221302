"""The agents of the settings as one AgentRuntime: each turn goes to the runtime its agent is configured with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx
from pydantic import SecretStr

from trinity_channels.agent_settings import Agent, EchoAgent, OpenAIAgent
from trinity_channels.agents.echo import EchoRuntime
from trinity_channels.agents.openai import OpenAIRuntime
from trinity_channels.agents.port import AgentFailed, AgentRuntime, AgentTurn, Answer
from trinity_channels.agents.trinity import TrinityRuntime


@dataclass(frozen=True, slots=True)
class Platform:
    """Where Trinity's API is, and the token for it."""

    url: str
    token: SecretStr


class ConfiguredAgents:
    """Runs the agents that `channels.toml` names."""

    def __init__(self, runtimes: Mapping[str, AgentRuntime]) -> None:
        self._runtimes = runtimes

    @classmethod
    def of(
        cls,
        agents: Mapping[str, Agent],
        platform: Platform | None,
        http: httpx.AsyncClient,
        now: Callable[[], datetime],
    ) -> ConfiguredAgents:
        """The runtimes of all configured agents; those with runtime = "trinity" need the platform."""
        return cls({name: _runtime(agent, platform, http, now) for name, agent in agents.items()})

    async def run(self, turn: AgentTurn) -> str | Answer:
        runtime = self._runtimes.get(turn.agent)
        if runtime is None:
            raise AgentFailed("no such agent is configured any more")
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
