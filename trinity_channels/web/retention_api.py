"""How long the messages of an agent are kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from trinity_channels.agent_settings import Days
from trinity_channels.retention.periods import RetentionPeriods
from trinity_channels.store import Store
from trinity_channels.web.auth import Guard
from trinity_channels.web.route import api_router


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

    def __init__(self, guard: Guard, periods: RetentionPeriods, store: Store) -> None:
        self._guard = guard
        self._periods = periods
        self._store = store

    def router(self) -> APIRouter:
        """The routes."""
        router = api_router(self._guard, "People", "/api/agents/{name}")
        router.add_api_route("/retention", self._retention, methods=["GET"])
        router.add_api_route("/retention", self._set_retention, methods=["PUT"])
        return router

    async def _retention(self, request: Request, name: str) -> RetentionAnswer:
        """How many days the texts of messages are kept."""
        await self._guard.owner(request, name)
        return await self._answer(name)

    async def _set_retention(self, request: Request, name: str, body: RetentionBody) -> RetentionAnswer:
        """Change how many days the texts of messages are kept; what is older is removed within minutes."""
        principal = await self._guard.owner(request, name)
        await self._periods.set(name, body.keep_bodies_days, by=principal.actor)
        return await self._answer(name)

    async def _answer(self, agent: str) -> RetentionAnswer:
        days = await self._store.read(lambda tx: self._periods.days(tx, agent))
        return RetentionAnswer(agent_name=agent, keep_bodies_days=days, inherited=self._periods.inherited(agent))
