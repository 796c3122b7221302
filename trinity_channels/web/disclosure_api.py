"""Whether people are told that they are talking with an AI agent."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, Field, StringConstraints

from trinity_channels.access.disclosure import Disclosure
from trinity_channels.web.auth import Guard, Principal
from trinity_channels.web.route import Router, api_router


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

    def __init__(self, guard: Guard, disclosure: Disclosure) -> None:
        self._guard = guard
        self._disclosure = disclosure

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Access", "/api/agents/{name}")
        router.add_api_route("/disclosure", self._shown, methods=["GET"])
        router.add_api_route("/disclosure", self._set, methods=["PUT"])
        return router

    async def _shown(self, request: Request, name: str) -> DisclosureAnswer:
        """Whether the first answer to a person says that it comes from an AI agent, and in which words."""
        return await self._answer(await self._guard.principal(request), name)

    async def _set(self, request: Request, name: str, body: DisclosureBody) -> DisclosureAnswer:
        """Turn the disclosure on or off; off needs a reason, which goes on record."""
        principal = await self._guard.principal(request)
        if body.enabled:
            await self._disclosure.turn_on(principal, name)
        else:
            # The service refuses an empty reason, for every way to it.
            await self._disclosure.turn_off(principal, name, body.reason or "")
        return await self._answer(principal, name)

    async def _answer(self, principal: Principal, agent: str) -> DisclosureAnswer:
        found = await self._disclosure.setting(principal, agent)
        return DisclosureAnswer(
            agent_name=agent, enabled=found.reason is None, reason=found.reason, sentence=found.sentence
        )
