"""The agents that a principal may see, with what needs attention."""

from __future__ import annotations

from datetime import datetime

from fastapi import Request
from pydantic import BaseModel, Field

from trinity_channels.access.gate import Policy
from trinity_channels.access.overview import Overview, Overviews
from trinity_channels.web.auth import Guard
from trinity_channels.web.route import Router, api_router


class ConnectedAnswer(BaseModel):
    """The agent on one channel."""

    channel: str
    title: str = Field(description="What people call the channel")
    display_name: str | None
    state: str = Field(description="ok, waiting (nothing has arrived yet) or attention")
    cause: str = Field(description="Why it is not ok, with the fix; empty otherwise")
    last_message_at: datetime | None = Field(description="When a person last wrote")


class AgentAnswer(BaseModel):
    """One agent."""

    name: str
    owner: str | None = Field(
        description="E-mail, or what else is known. Null for an agent that is only still connected"
    )
    attention: int = Field(
        description="Everything that needs attention: the three counts, and channels with attention; "
        "without the questions that the cause of a channel counts already"
    )
    policy: Policy = Field(description="Who may chat with it")
    pending_requests: int
    oldest_request_at: datetime | None = Field(description="How long the first of them has waited; null without one")
    parked_turns: int = Field(description="Questions that no attempt could answer")
    failed_deliveries: int = Field(description="Messages of the last 7 days that did not arrive, or may not have")
    channels: list[ConnectedAnswer]


class AgentsApi:
    """Builds `/api/agents`."""

    def __init__(self, guard: Guard, overviews: Overviews) -> None:
        self._guard = guard
        self._overviews = overviews

    def router(self) -> Router:
        """The route."""
        router = api_router(self._guard, "Agents")
        router.add_api_route("/api/agents", self._agents, methods=["GET"])
        return router

    async def _agents(self, request: Request) -> list[AgentAnswer]:
        """The agents that you own, all of them for an administrator, by name."""
        return [_answer(one) for one in await self._overviews.of(await self._guard.principal(request))]


def _answer(one: Overview) -> AgentAnswer:
    return AgentAnswer(
        name=one.name,
        owner=one.owner,
        attention=one.attention,
        policy=one.policy,
        pending_requests=one.waiting.requests,
        oldest_request_at=one.waiting.oldest_request,
        parked_turns=one.waiting.turns,
        failed_deliveries=one.waiting.deliveries,
        channels=[
            ConnectedAnswer(
                channel=at.channel,
                title=at.title,
                display_name=at.display_name,
                state=at.state,
                cause=f"{at.cause} {at.fix}".strip(),
                last_message_at=at.last_inbound,
            )
            for at in one.channels
        ],
    )
