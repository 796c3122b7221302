"""Instructions and model for an agent's conversations on channels, in the platform's shapes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints

from trinity_channels.access.public_instructions import LONGEST_PROMPT, InstructionSettings
from trinity_channels.web.auth import Guard, Principal
from trinity_channels.web.route import Router, api_router

# As providers write them: gpt-4o, claude-sonnet-4-5, meta-llama/Llama-3.3-70B:free, us.anthropic.claude@20250514
_MODEL = r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$"


class PromptBody(BaseModel):
    """The new instructions; null or an empty text removes them."""

    model_config = ConfigDict(extra="forbid")

    public_channel_system_prompt: (
        Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_PROMPT)] | None
    )


class PromptAnswer(BaseModel):
    """The instructions; null if there are none."""

    agent_name: str
    public_channel_system_prompt: str | None


class ModelBody(BaseModel):
    """The new model; null or an empty text gives the choice back to the agent."""

    model_config = ConfigDict(extra="forbid")

    model: Annotated[str, StringConstraints(max_length=200, pattern=rf"^$|{_MODEL}")] | None = Field(
        validation_alias=AliasChoices("model", "public_channel_model")
    )


class ModelAnswer(BaseModel):
    """The model that answers people on channels."""

    agent_name: str
    public_channel_model: str | None = Field(description="Null for the agent's own")
    resolved_model: str | None = Field(description="The one that answers; null if only the agent's runtime knows")
    available_models: list[str] = Field(description="Suggestions; the runtime may know others")
    platform_default: str | None = Field(description="The agent's own model; null if only its runtime knows")
    is_overridden: bool


class InstructionsApi:
    """Builds `/api/agents/{name}/public-prompt` and `…/public-channel-model`."""

    def __init__(self, guard: Guard, instructions: InstructionSettings) -> None:
        self._guard = guard
        self._instructions = instructions

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Access", "/api/agents/{name}")
        router.add_api_route("/public-prompt", self._prompt, methods=["GET"])
        router.add_api_route("/public-prompt", self._set_prompt, methods=["PUT"])
        router.add_api_route("/public-channel-model", self._model, methods=["GET"])
        router.add_api_route("/public-channel-model", self._set_model, methods=["PUT"])
        return router

    async def _prompt(self, request: Request, name: str) -> PromptAnswer:
        """Instructions that the agent is given in conversations with people, beside its own."""
        return await self._prompt_answer(await self._guard.principal(request), name)

    async def _set_prompt(self, request: Request, name: str, body: PromptBody) -> PromptAnswer:
        """Change the instructions; they count from the next turn on."""
        principal = await self._guard.principal(request)
        await self._instructions.set_prompt(principal, name, body.public_channel_system_prompt or "")
        return await self._prompt_answer(principal, name)

    async def _model(self, request: Request, name: str) -> ModelAnswer:
        """The model that answers people, where it is not the agent's own."""
        return await self._model_answer(await self._guard.principal(request), name)

    async def _set_model(self, request: Request, name: str, body: ModelBody) -> ModelAnswer:
        """Change the model; it counts from the next turn on. An echo agent has none."""
        principal = await self._guard.principal(request)
        await self._instructions.set_model(principal, name, body.model or "")
        return await self._model_answer(principal, name)

    async def _prompt_answer(self, principal: Principal, agent: str) -> PromptAnswer:
        found = await self._instructions.prompt(principal, agent)
        return PromptAnswer(agent_name=agent, public_channel_system_prompt=found or None)

    async def _model_answer(self, principal: Principal, agent: str) -> ModelAnswer:
        found = await self._instructions.model(principal, agent)
        return ModelAnswer(
            agent_name=agent,
            public_channel_model=found.model,
            resolved_model=found.model or found.default,
            available_models=list(found.available),
            platform_default=found.default,
            is_overridden=found.model is not None,
        )
