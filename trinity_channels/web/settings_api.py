"""Host-wide settings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, StringConstraints

from trinity_channels.bindings.address_change import AddressChange
from trinity_channels.web.auth import Guard
from trinity_channels.web.route import api_router


class PublicUrlBody(BaseModel):
    """The public address of this host; empty for none."""

    value: Annotated[str, StringConstraints(max_length=2000)]


class PublicUrlAnswer(BaseModel):
    """The stored address; `warning` says what does not work with it."""

    model_config = ConfigDict(from_attributes=True)

    value: str | None
    warning: str | None = None


class SettingsApi:
    """Builds `/api/settings/…`."""

    def __init__(self, guard: Guard, change: AddressChange) -> None:
        self._guard = guard
        self._change = change

    def router(self) -> APIRouter:
        """The routes."""
        router = api_router(self._guard, "Settings")
        router.add_api_route("/api/settings/public_chat_url", self._public_url, methods=["GET"])
        router.add_api_route("/api/settings/public_chat_url", self._set_public_url, methods=["PUT"])
        return router

    async def _public_url(self, request: Request) -> PublicUrlAnswer:
        """Where providers reach this host."""
        return PublicUrlAnswer.model_validate(self._change.setting(await self._guard.principal(request)))

    async def _set_public_url(self, request: Request, body: PublicUrlBody) -> PublicUrlAnswer:
        """Change the public address; every webhook URL follows at once."""
        changed = await self._change.to(await self._guard.principal(request), body.value)
        return PublicUrlAnswer.model_validate(changed)
