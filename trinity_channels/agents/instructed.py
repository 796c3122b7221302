"""What the surrounding application has set for an agent's conversations with people, put into each turn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from trinity_channels import lease
from trinity_channels.agents.port import AgentError, AgentRuntime, AgentTurn, AgentUnavailable, Answer, Working


@dataclass(frozen=True, slots=True)
class Instructions:
    """What counts in an agent's turns. What is empty is as it is set here.

    Attributes:
        prompt: instructions of the owner, beside the agent's own.
        model: the model that answers.
        allowed_tools: all tools that the agent may use; none if it is empty. None leaves the choice to the runtime.
    """

    prompt: str = field(default="", repr=False)
    model: str = ""
    allowed_tools: tuple[str, ...] | None = None


class InstructionSource(Protocol):
    """What the host asks the surrounding application about an agent before each run."""

    async def instructions(self, agent: str) -> Instructions:
        """What counts now. If it raises, the agent is not run, and the turn is tried again later."""


class InstructedAgents:
    """An AgentRuntime that asks `source` before `agents` runs a turn."""

    def __init__(self, agents: AgentRuntime, source: InstructionSource) -> None:
        self._agents = agents
        self._source = source

    async def run(self, turn: AgentTurn) -> str | Answer | Working:
        """As the port."""
        if not turn.run:  # one that goes on has its instructions
            turn = await self._instructed(turn)
            lease.check()  # the application may have taken its time
        return await self._agents.run(turn)

    async def abandon(self, turn: AgentTurn) -> None:
        """As the port, where the runtime has it."""
        if abandon := getattr(self._agents, "abandon", None):
            await abandon(turn)

    async def _instructed(self, turn: AgentTurn) -> AgentTurn:
        try:
            found = await self._source.instructions(turn.agent)
        except AgentError:
            raise
        # Never without them: an agent must not meet strangers with all of its tools because a setting cannot be read.
        except Exception as error:
            raise AgentUnavailable(f"the agent's instructions cannot be read ({type(error).__name__})") from error
        return replace(
            turn,
            public_prompt=found.prompt or turn.public_prompt,
            model=found.model or turn.model,
            allowed_tools=turn.allowed_tools if found.allowed_tools is None else tuple(found.allowed_tools),
        )
