"""Read the settings file again, on an administrator's word."""

from __future__ import annotations

from fastapi import Request
from pydantic import BaseModel, Field

from trinity_channels.agents.reload import AgentReload
from trinity_channels.web.auth import Guard
from trinity_channels.web.route import Router, api_router


class LeftAnswer(BaseModel):
    """An agent that is not configured any more and still connected."""

    agent_name: str
    channel: str


class ReloadAnswer(BaseModel):
    """What has changed; the names of agents, and of settings that only count from the next start."""

    added: list[str]
    changed: list[str]
    removed: list[str]
    still_connected: list[LeftAnswer] = Field(description="Removed agents where people who write get an apology")
    needs_restart: list[str]
    message: str


class ReloadApi:
    """Builds `/api/settings/reload`."""

    def __init__(self, guard: Guard, reload: AgentReload) -> None:
        self._guard = guard
        self._reload = reload

    def router(self) -> Router:
        """The route."""
        router = api_router(self._guard, "Settings", admins_only=True)
        router.add_api_route("/api/settings/reload", self._run, methods=["POST"])
        return router

    async def _run(self, request: Request) -> ReloadAnswer:
        """Take over the agents that the settings file holds now. With an error in it, everything stays as it was."""
        done = await self._reload.run(await self._guard.principal(request))
        return ReloadAnswer(
            added=list(done.changes.added),
            changed=list(done.changes.changed),
            removed=list(done.changes.removed),
            still_connected=[LeftAnswer(agent_name=one.agent, channel=one.channel) for one in done.left],
            needs_restart=list(done.restart),
            message=done.message,
        )
