"""The audit log, for owners about their agents and for administrators about everything."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from trinity_channels.access.audit_log import AuditLog
from trinity_channels.store.audit import Entry
from trinity_channels.web.auth import Guard
from trinity_channels.web.inputs import Moment
from trinity_channels.web.route import api_router

Action = Annotated[str, Query(max_length=64, description="Only this action, such as connect; empty means all")]
Since = Annotated[Moment | None, Query(description="Only from then on")]
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1, description="Only entries older than the one with this id")]
Limit = Annotated[int, Query(ge=1, le=1000)]


class EntryAnswer(BaseModel):
    """One recorded action. `details` hold no number, code or secret."""

    id: int
    at: datetime
    actor: str = Field(
        description="admin or admin:<its token's label>, user:<e-mail>, agent:<name>, contact:<id>, or command line"
    )
    action: str
    agent_name: str = Field(description="Empty for what concerns no agent")
    channel: str
    details: dict[str, Any]


class AuditApi:
    """Builds `/api/audit` and `/api/agents/{name}/audit`."""

    def __init__(self, guard: Guard, log: AuditLog) -> None:
        self._guard = guard
        self._log = log

    def router(self) -> APIRouter:
        """The routes."""
        router = api_router(self._guard, "Audit")
        router.add_api_route("/api/audit", self._all, methods=["GET"])
        router.add_api_route("/api/agents/{name}/audit", self._of_agent, methods=["GET"])
        return router

    async def _all(
        self, request: Request, action: Action = "", since: Since = None, before: Before = None, limit: Limit = 200
    ) -> list[EntryAnswer]:
        """Who did what on this host, newest first. Administrators only."""
        return await self._entries(request, None, action, since, before, limit)

    async def _of_agent(
        self,
        request: Request,
        name: str,
        action: Action = "",
        since: Since = None,
        before: Before = None,
        limit: Limit = 200,
    ) -> list[EntryAnswer]:
        """Who did what with the agent, newest first."""
        return await self._entries(request, name, action, since, before, limit)

    async def _entries(
        self, request: Request, agent: str | None, action: str, since: Since, before: Before, limit: int
    ) -> list[EntryAnswer]:
        principal = await self._guard.principal(request)
        found = await self._log.entries(principal, agent, action=action, since=since, before=before, most=limit)
        return [_answer(one) for one in found]


def _answer(one: Entry) -> EntryAnswer:
    return EntryAnswer(
        id=one.id,
        at=one.at,
        actor=one.actor,
        action=one.action,
        agent_name=one.agent,
        channel=one.channel,
        details=one.details,
    )
