"""Agents that were renamed or deleted where they are made: what is stored for them here follows, or is removed."""

from __future__ import annotations

from fastapi import Request
from pydantic import BaseModel, Field

from trinity_channels.bindings.agent_changes import AgentChanges
from trinity_channels.web.auth import Guard
from trinity_channels.web.route import Router, api_router


class RenamedBody(BaseModel):
    """An agent, and what it is called now."""

    agent: str = Field(description="The former name")
    name: str = Field(description="The new name")


class DeletedBody(BaseModel):
    """An agent that is no more."""

    agent: str


class RenamedAnswer(BaseModel):
    """What became of it."""

    message: str
    moved: bool = Field(description="False if nothing is stored under the former name")


class DeletedAnswer(BaseModel):
    """What became of it."""

    message: str = Field(description="With what stays")
    found: bool = Field(description="False if nothing was stored for the agent")
    channels: list[str] = Field(description="Where it was connected, and the provider may still post to")


class AgentChangesApi:
    """Builds `/api/settings/agent-…`."""

    def __init__(self, guard: Guard, changes: AgentChanges) -> None:
        self._guard = guard
        self._changes = changes

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Settings", admins_only=True)
        router.add_api_route("/api/settings/agent-renamed", self._renamed, methods=["POST"])
        router.add_api_route("/api/settings/agent-deleted", self._deleted, methods=["POST"])
        return router

    async def _renamed(self, request: Request, body: RenamedBody) -> RenamedAnswer:
        """Move everything that is stored for an agent to its new name; may be repeated. Administrators only."""
        done = await self._changes.renamed(await self._guard.principal(request), body.agent, body.name)
        return RenamedAnswer(message=done.message, moved=done.moved)

    async def _deleted(self, request: Request, body: DeletedBody) -> DeletedAnswer:
        """Remove everything that is stored for an agent but the audit log; may be repeated. Administrators only."""
        done = await self._changes.deleted(await self._guard.principal(request), body.agent)
        return DeletedAnswer(message=done.message, found=done.found, channels=list(done.channels))
