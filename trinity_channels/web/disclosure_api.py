"""Whether people are told that they are talking with an AI agent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints

from trinity_channels.access.disclosure import Disclosure
from trinity_channels.store import Store
from trinity_channels.web.auth import Guard
from trinity_channels.web.errors import ApiError
from trinity_channels.web.route import api_router


class DisclosureBody(BaseModel):
    """Turn the disclosure on, or off with a reason."""

    enabled: bool
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] | None = Field(
        default=None,
        description="Why people need not be informed, such as a law that exempts this agent; required to turn it off, kept "
        "with the audit log",
    )


class DisclosureAnswer(BaseModel):
    """The setting. `sentence` is what people are told; `reason` is why they are not."""

    agent_name: str
    enabled: bool
    reason: str | None
    sentence: str


class DisclosureApi:
    """Builds `/api/agents/{name}/disclosure`."""

    def __init__(self, guard: Guard, disclosure: Disclosure, store: Store) -> None:
        self._guard = guard
        self._disclosure = disclosure
        self._store = store

    def router(self) -> APIRouter:
        """The routes."""
        router = api_router(self._guard, "Access", "/api/agents/{name}")
        router.add_api_route("/disclosure", self._shown, methods=["GET"])
        router.add_api_route("/disclosure", self._set, methods=["PUT"])
        return router

    async def _shown(self, request: Request, name: str) -> DisclosureAnswer:
        """Whether the first answer to a person says that it comes from an AI agent, and in which words."""
        await self._guard.owner(request, name)
        return await self._answer(name)

    async def _set(self, request: Request, name: str, body: DisclosureBody) -> DisclosureAnswer:
        """Turn the disclosure on or off; off needs a reason, which goes on record."""
        principal = await self._guard.owner(request, name)
        if body.enabled:
            await self._disclosure.turn_on(name, by=principal.actor)
        elif body.reason:
            await self._disclosure.turn_off(name, body.reason, by=principal.actor)
        else:
            raise ApiError(422, "invalid_input", "reason is required to turn the disclosure off.", field="reason")
        return await self._answer(name)

    async def _answer(self, agent: str) -> DisclosureAnswer:
        reason, sentence = await self._store.read(
            lambda tx: (self._disclosure.reason_off(tx, agent), self._disclosure.sentence(tx, agent))
        )
        return DisclosureAnswer(agent_name=agent, enabled=reason is None, reason=reason, sentence=sentence)
