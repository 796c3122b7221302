"""Host-wide settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, StringConstraints

from trinity_channels.bindings.address_change import AddressChange
from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.public_url import leads_to_this_machine
from trinity_channels.web.auth import Guard
from trinity_channels.web.route import api_router


class PublicUrlBody(BaseModel):
    """The public address of this host; empty for none."""

    value: Annotated[str, StringConstraints(max_length=2000)]


class PublicUrlAnswer(BaseModel):
    """The stored address; `warning` says what does not work with it."""

    value: str | None
    warning: str | None = None


class SettingsApi:
    """Builds `/api/settings/…`."""

    def __init__(self, guard: Guard, address: PublicAddress, change: AddressChange) -> None:
        self._guard = guard
        self._address = address
        self._change = change

    def router(self) -> APIRouter:
        """The routes."""
        router = api_router(self._guard, "Settings")
        router.add_api_route("/api/settings/public_chat_url", self._public_url, methods=["GET"])
        router.add_api_route("/api/settings/public_chat_url", self._set_public_url, methods=["PUT"])
        return router

    async def _public_url(self, request: Request) -> PublicUrlAnswer:
        """Where providers reach this host."""
        await self._guard.admin(request)
        return self._answer()

    async def _set_public_url(self, request: Request, body: PublicUrlBody) -> PublicUrlAnswer:
        """Change the public address; every webhook URL follows at once."""
        return self._answer(await self._change.to(await self._guard.principal(request), body.value))

    def _answer(self, problems: Sequence[str] = ()) -> PublicUrlAnswer:
        value = self._address.value
        warning: str | None
        if value is None:
            warning = "public_chat_url is not set: there are no webhook URLs, and no provider can reach your agents."
        # Allowed, for the simulators; what it means is said.
        elif leads_to_this_machine(value):
            warning = "This is an address of this machine: only a simulator here can reach it, and no provider outside."
        elif value.startswith("http://"):
            warning = "Providers deliver to https:// addresses; this one starts with http://."
        else:
            warning = f"Some providers could not be updated: {'; '.join(problems)}" if problems else None
        return PublicUrlAnswer(value=value, warning=warning)
