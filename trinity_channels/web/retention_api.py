"""How long the messages of an agent are kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, Field

from trinity_channels.agent_settings import Days
from trinity_channels.retention.periods import RetentionPeriods
from trinity_channels.web.auth import Guard, Principal
from trinity_channels.web.route import Router, api_router


class RetentionBody(BaseModel):
    """The new retention."""

    # strict: `true` must not mean one day
    keep_bodies_days: Annotated[Days, Field(strict=True)] | None = Field(
        description="Days for which the texts of messages are kept, 1 to 3650. Null removes the setting, and that of the "
        "settings file or of the host counts again",
    )


class RetentionAnswer(BaseModel):
    """The retention that counts; `inherited` says what counts if the owner sets nothing."""

    agent_name: str
    keep_bodies_days: int
    inherited: int


class RetentionApi:
    """Builds `/api/agents/{name}/retention`."""

    def __init__(self, guard: Guard, periods: RetentionPeriods) -> None:
        self._guard = guard
        self._periods = periods

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "People", "/api/agents/{name}")
        router.add_api_route("/retention", self._retention, methods=["GET"])
        router.add_api_route("/retention", self._set_retention, methods=["PUT"])
        return router

    async def _retention(self, request: Request, name: str) -> RetentionAnswer:
        """How many days the texts of messages are kept."""
        return await self._answer(await self._guard.principal(request), name)

    async def _set_retention(self, request: Request, name: str, body: RetentionBody) -> RetentionAnswer:
        """Change how many days the texts of messages are kept; what is older is removed within minutes."""
        principal = await self._guard.principal(request)
        await self._periods.set(principal, name, body.keep_bodies_days)
        return await self._answer(principal, name)

    async def _answer(self, principal: Principal, agent: str) -> RetentionAnswer:
        days = await self._periods.setting(principal, agent)
        return RetentionAnswer(agent_name=agent, keep_bodies_days=days, inherited=self._periods.inherited(agent))
