"""Fetch on request what a provider could not deliver."""

from __future__ import annotations

from datetime import datetime

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from trinity_channels.inbound.missed import MissedMessages
from trinity_channels.plugins import Plugins
from trinity_channels.web.auth import Guard
from trinity_channels.web.inputs import Moment
from trinity_channels.web.route import Router, api_router


class CatchUpBody(BaseModel):
    """From when on messages are fetched."""

    model_config = ConfigDict(extra="forbid")

    since: Moment | None = Field(
        None, description="Left out: since the last message that arrived. A time without an offset is in UTC"
    )


class CatchUpAnswer(BaseModel):
    """How many messages were new, of those that the provider lists from `since` on."""

    messages: int
    since: datetime = Field(description="Not before what the provider lists; a few minutes earlier than asked for")
    message: str


class CatchUpApi:
    """Builds `/api/agents/{name}/<channel>/catch-up`."""

    def __init__(self, guard: Guard, missed: MissedMessages, plugins: Plugins) -> None:
        self._guard = guard
        self._missed = missed
        self._plugins = plugins

    def router(self, channel: str) -> Router:
        """The route of one channel."""
        manifest = self._plugins[channel].manifest
        router = api_router(self._guard, manifest.title)

        async def catch_up(request: Request, name: str, body: CatchUpBody) -> CatchUpAnswer:
            """Fetch the messages that the provider lists and this host does not have; they are answered as usual."""
            principal = await self._guard.principal(request)
            found = await self._missed.on_request(principal, name, channel, body.since)
            count = {0: "No new message", 1: "1 new message"}.get(found.messages, f"{found.messages} new messages")
            return CatchUpAnswer(
                messages=found.messages,
                since=found.since,
                message=f"{count} since {found.since:%Y-%m-%d %H:%M} UTC.",
            )

        path = f"/api/agents/{{name}}/{channel}/catch-up"
        router.add_api_route(path, catch_up, methods=["POST"], name=f"catch up {channel}")
        return router
