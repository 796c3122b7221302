"""The audit log, for owners about their agents and for administrators about everything."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel, Field

from trinity_channels.access.audit_log import AuditLog, Narrowed
from trinity_channels.store.audit_names import Told
from trinity_channels.web.audit_sentences import Title, line
from trinity_channels.web.auth import Guard
from trinity_channels.web.inputs import Moment
from trinity_channels.web.route import Router, api_router

Action = Annotated[str, Query(max_length=64, description="Only this action, such as connect; empty means all")]
Actor = Annotated[str, Query(max_length=400, description="Only what they did, as `actor` names them; empty means all")]
About = Annotated[str, Query(max_length=64, description="Only what concerns this agent, which may be gone")]
Since = Annotated[Moment | None, Query(description="Only from then on")]
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1, description="Only entries older than the one with this id")]
Limit = Annotated[int, Query(ge=1, le=1000)]


class EntryAnswer(BaseModel):
    """One recorded action. `details` hold no number, code or secret; the words name people as they are called now."""

    id: int
    at: datetime
    actor: str = Field(
        description="admin or admin:<its token's label>, user:<e-mail>, agent:<name>, contact:<id>, or command line"
    )
    who: str = Field(description='The actor in words; a contact by name, or "An erased person"')
    action: str
    what: str = Field(description="What was done, in words that go on after `who`")
    agent_name: str = Field(description="Empty for what concerns no agent")
    channel: str
    details: dict[str, Any]


class AuditApi:
    """Builds `/api/audit` and `/api/agents/{name}/audit`."""

    def __init__(self, guard: Guard, log: AuditLog, title: Title) -> None:
        self._guard = guard
        self._log = log
        self._title = title

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Audit", admins_only=True)
        router.add_api_route("/api/audit", self._all, methods=["GET"])
        router.add_api_route("/api/agents/{name}/audit", self._of_agent, methods=["GET"])
        return router

    async def _all(
        self,
        request: Request,
        action: Action = "",
        actor: Actor = "",
        agent: About = "",
        since: Since = None,
        before: Before = None,
        limit: Limit = 200,
    ) -> list[EntryAnswer]:
        """Who did what on this host, newest first. Administrators only."""
        principal = await self._guard.principal(request)
        narrowed = Narrowed(action=action, actor=actor, about=agent, since=since, before=before)
        return [_answer(one, self._title) for one in await self._log.entries(principal, None, narrowed, limit)]

    async def _of_agent(
        self,
        request: Request,
        name: str,
        action: Action = "",
        actor: Actor = "",
        since: Since = None,
        before: Before = None,
        limit: Limit = 200,
    ) -> list[EntryAnswer]:
        """Who did what with the agent, newest first."""
        principal = await self._guard.principal(request)
        narrowed = Narrowed(action=action, actor=actor, since=since, before=before)
        return [_answer(one, self._title) for one in await self._log.entries(principal, name, narrowed, limit)]


def _answer(told: Told, title: Title) -> EntryAnswer:
    one, words = told.entry, line(told, title)
    return EntryAnswer(
        id=one.id,
        at=one.at,
        actor=one.actor,
        who=words.who,
        action=one.action,
        what=words.what,
        agent_name=one.agent,
        channel=one.channel,
        details=one.details,
    )
