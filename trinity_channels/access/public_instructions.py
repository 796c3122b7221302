"""What an owner has set for their agent's conversations on channels: instructions beside its own, and another model.

The platform calls them `public_channel_system_prompt` and `public_channel_model`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from trinity_channels.agent_settings import OpenAIAgent, TrinityAgent
from trinity_channels.agents.table import AgentTable
from trinity_channels.owner_settings import OwnerSettings
from trinity_channels.principal import Principal
from trinity_channels.store import Tx, agent_settings, audit
from trinity_channels.store.storable import storable

LONGEST_PROMPT = 4000
"""Characters of instructions; as many as the platform's form takes."""
TRINITY_MODELS = ("sonnet", "opus", "haiku", "fable")
"""The short names of models that the platform's task API takes besides full ones."""
_PROMPT = "public_prompt"
_MODEL = "public_channel_model"


@dataclass(frozen=True, slots=True)
class PublicInstructions:
    """What counts in an agent's turns; empty where nothing is set.

    Attributes:
        prompt: instructions of the owner for conversations with people on channels.
        model: the model that answers there; empty for the agent's own.
    """

    prompt: str = field(default="", repr=False)
    model: str = ""


@dataclass(frozen=True, slots=True)
class ModelSetting:
    """The model of an agent's turns.

    Attributes:
        model: what the owner has set; None for the agent's own.
        default: the agent's own model; None if only its runtime knows.
        available: models that can be suggested. Others may work as well.
    """

    model: str | None
    default: str | None
    available: tuple[str, ...]


class InstructionSettings:
    """Reads and changes them."""

    def __init__(self, settings: OwnerSettings, configured: AgentTable) -> None:
        self._settings = settings
        self._configured = configured

    def of(self, tx: Tx, agent: str) -> PublicInstructions:
        """What counts in a turn of the agent."""
        # One query for both: this is read for every turn.
        stored = agent_settings.every(tx, agent)
        return PublicInstructions(stored.get(_PROMPT, ""), stored.get(_MODEL, ""))

    async def prompt(self, principal: Principal, agent: str) -> str:
        """The instructions, for the owner or an administrator; empty if there are none.

        Raises:
            Refusal: the principal is neither.
        """
        return (await self._stored(principal, agent)).prompt

    async def model(self, principal: Principal, agent: str) -> ModelSetting:
        """The model, for the owner or an administrator.

        Raises:
            Refusal: the principal is neither.
        """
        model = (await self._stored(principal, agent)).model
        configured = self._configured.get(agent)
        default = configured.model if isinstance(configured, OpenAIAgent) else None
        known = TRINITY_MODELS if isinstance(configured, TrinityAgent) else ()
        # Each once, in this order: what is in use must be among what a form offers.
        available = tuple(dict.fromkeys(one for one in (default, *known, model) if one))
        return ModelSetting(model or None, default, available)

    async def set_prompt(self, principal: Principal, agent: str, prompt: str) -> None:
        """Store instructions, on record; an empty text removes them.

        Raises:
            Refusal: the principal is neither the owner nor an administrator.
        """
        # The length alone: the audit log holds no texts.
        await self._set(principal, agent, _PROMPT, prompt, "set_public_prompt", {"characters": len(prompt)})

    async def set_model(self, principal: Principal, agent: str, model: str) -> None:
        """Store a model, on record; an empty name gives the choice back to the agent.

        Raises:
            Refusal: the principal is neither the owner nor an administrator.
        """
        await self._set(principal, agent, _MODEL, model, "set_public_model", {"model": model or None})

    async def _stored(self, principal: Principal, agent: str) -> PublicInstructions:
        return await self._settings.read(principal, agent, lambda tx: self.of(tx, agent))

    async def _set(
        self, by: Principal, agent: str, name: str, value: str, action: audit.Action, details: dict[str, object]
    ) -> None:
        await self._settings.put(by, agent, name, storable(value) or None, action, details)
