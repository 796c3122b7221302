"""The last messages of a channel, in both directions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel, Field

from trinity_channels.people.recent_messages import RecentMessages
from trinity_channels.plugins import Plugins
from trinity_channels.web.auth import Guard
from trinity_channels.web.route import Router, api_router

MOST = 100
Before = Annotated[
    int | None, Query(ge=1, le=2**63 - 1, description="Only messages with a lower id, for the next page")
]
Limit = Annotated[int, Query(ge=1, le=MOST)]


class RecentMessageAnswer(BaseModel):
    """One message of either side, without what it says."""

    id: int
    inbound: bool
    origin: str = Field(description="person, agent (an answer), notice (of the host), proactive or test")
    state: str = Field(
        description="Inbound: waiting, held (its writer may not use the agent yet), answering, answered, handled (it was a "
        "command), failed, dropped, expired or erased. Of ours: as for deliveries, of the part that is least far"
    )
    conversation_id: int | None
    client_id: int | None = Field(description="Null in groups and for test messages")
    client_name: str
    address: str = Field(description="Of the person or the group, masked")
    at: datetime
    edited_at: datetime | None = Field(description="When the person edited it; null if they did not")
    unsent_at: datetime | None = Field(description="When the person took it back; null if they did not")
    parts: int = Field(description="Messages of the provider that it was sent as; 0 if a person wrote it")
    delivery_id: int | None = Field(description="Of the part that state is about")
    error_code: str | None
    error: str | None


class RecentMessagesApi:
    """Builds `/api/agents/{name}/<channel>/messages` of each channel."""

    def __init__(self, guard: Guard, recent: RecentMessages, plugins: Plugins) -> None:
        self._guard = guard
        self._recent = recent
        self._plugins = plugins

    def router(self, channel: str) -> Router:
        """The route of one channel."""
        router = api_router(self._guard, self._plugins[channel].manifest.title)

        async def messages(
            request: Request, name: str, before: Before = None, limit: Limit = 20
        ) -> list[RecentMessageAnswer]:
            """The newest messages first, in both directions, with what became of them."""
            principal = await self._guard.principal(request)
            found = await self._recent.of(principal, name, channel, before=before, most=limit)
            return [
                RecentMessageAnswer(
                    id=one.id,
                    inbound=one.inbound,
                    origin=one.origin,
                    state=one.state,
                    conversation_id=one.conversation,
                    client_id=one.contact,
                    client_name=one.name,
                    address=one.address,
                    at=one.at,
                    edited_at=one.edited_at,
                    unsent_at=one.unsent_at,
                    parts=one.parts,
                    delivery_id=one.delivery,
                    error_code=one.failure_code,
                    error=one.failure,
                )
                for one in found
            ]

        path = f"/api/agents/{{name}}/{channel}/messages"
        router.add_api_route(path, messages, methods=["GET"], name=f"{channel} messages")
        return router
