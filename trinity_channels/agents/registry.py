"""The agents of the settings as one AgentRuntime: each turn goes to the runtime its agent is configured with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import httpx

from trinity_channels.agent_settings import Agent, EchoAgent, OpenAIAgent
from trinity_channels.agents.echo import EchoRuntime
from trinity_channels.agents.openai import OpenAIRuntime
from trinity_channels.agents.platform import Platform, PublicSettingsReader
from trinity_channels.agents.port import AgentFailed, AgentRuntime, AgentTurn, Answer, Working
from trinity_channels.agents.table import AgentTable
from trinity_channels.agents.trinity import TrinityRuntime


class ConfiguredAgents:
    """Runs the agents that `channels.toml` names; those with runtime = "trinity" need the platform.

    `any_other` has the settings of all agents that it does not name; None if there are no others.
    """

    def __init__(
        self,
        agents: AgentTable,
        platform: Platform | None,
        http: httpx.AsyncClient,
        now: Callable[[], datetime],
        *,
        any_other: Agent | None = None,
    ) -> None:
        self._agents = agents
        self._platform = platform
        self._any_other = any_other
        self._public = PublicSettingsReader(http, platform, now) if platform else None
        self._http = http
        self._now = now
        # by name, each with the settings it was made from, which may have been replaced
        self._runtimes: dict[str, tuple[Agent, AgentRuntime]] = {}

    async def run(self, turn: AgentTurn) -> str | Answer | Working:
        return await self._runtime(turn).run(turn)

    async def abandon(self, turn: AgentTurn) -> None:
        """End a run whose answer is not wanted any more, where the agent's runtime can do that."""
        runtime = self._runtime(turn)
        if isinstance(runtime, TrinityRuntime):
            await runtime.abandon(turn)

    def agents_changed(self) -> None:
        """An agent was renamed or deleted: what the platform said about one of its name is about another one now."""
        self._runtimes.clear()
        if self._public:
            self._public.forget()

    def _runtime(self, turn: AgentTurn) -> AgentRuntime:
        agent = self._agents.get(turn.agent) or self._any_other
        if agent is None:
            self._runtimes.pop(turn.agent, None)
            raise AgentFailed("no such agent is configured any more")
        made_from, runtime = self._runtimes.get(turn.agent, (None, None))
        # By identity, which costs nothing in each turn: a reload brings new objects for all agents.
        if runtime is None or made_from is not agent:
            runtime = self._made(agent)
            self._runtimes[turn.agent] = agent, runtime
        return runtime

    def _made(self, agent: Agent) -> AgentRuntime:
        if isinstance(agent, EchoAgent):
            return EchoRuntime()
        if isinstance(agent, OpenAIAgent):
            return OpenAIRuntime(self._http, agent, self._now)
        assert self._platform is not None  # noqa: S101  the settings check that it is there
        assert self._public is not None  # noqa: S101  made with it
        return TrinityRuntime(self._http, self._platform, agent, self._public, now=self._now)
