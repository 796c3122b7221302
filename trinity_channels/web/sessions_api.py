"""The browsers that are signed in to the pages as the caller."""

from __future__ import annotations

from fastapi import Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from trinity_channels.access.sessions import Sessions
from trinity_channels.authorisation import person
from trinity_channels.web.auth import Guard
from trinity_channels.web.route import Router, api_router


class SessionAnswer(BaseModel):
    """A browser that is signed in."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    created_at: AwareDatetime
    used_at: AwareDatetime = Field(description="To the minute")


class EndedAnswer(BaseModel):
    """How many browsers were signed out."""

    ended: int


class SessionsApi:
    """Builds `/api/sessions`."""

    def __init__(self, guard: Guard, sessions: Sessions) -> None:
        self._guard = guard
        self._sessions = sessions

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Sessions")
        router.add_api_route("/api/sessions", self._of, methods=["GET"])
        router.add_api_route("/api/sessions", self._end, methods=["DELETE"])
        return router

    async def _of(self, request: Request) -> list[SessionAnswer]:
        """The browsers in which you are signed in to the pages, oldest first."""
        principal = await self._guard.principal(request)
        person(principal)
        return [SessionAnswer.model_validate(one) for one in await self._sessions.of(principal)]

    async def _end(self, request: Request) -> EndedAnswer:
        """Sign out of the pages in every browser."""
        principal = await self._guard.principal(request)
        person(principal)
        return EndedAnswer(ended=await self._sessions.end_all(principal))
