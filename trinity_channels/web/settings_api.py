"""Host-wide settings and the list of channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, StringConstraints

from trinity_channels.bindings import Bindings
from trinity_channels.bindings.connections import Connections
from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, audit
from trinity_channels.web.auth import Guard
from trinity_channels.web.errors import ApiError
from trinity_channels.web.route import api_router


class PublicUrlBody(BaseModel):
    """The public address of this host; empty for none."""

    value: Annotated[str, StringConstraints(max_length=2000)]


class PublicUrlAnswer(BaseModel):
    """The stored address; `warning` says what does not work with it."""

    value: str | None
    warning: str | None = None


class ChannelAnswer(BaseModel):
    """One channel; `reason` says why it is unavailable."""

    name: str
    title: str | None = None
    version: str
    available: bool
    reason: str | None = None
    capabilities: dict[str, Any] = {}
    reply_window_hours: float | None = None
    auto: bool | None = None
    setup_steps: list[dict[str, Any]] = []


class SettingsApi:
    """Builds `/api/settings/…` and `/api/channels`."""

    def __init__(
        self,
        *,
        guard: Guard,
        address: PublicAddress,
        opened: Bindings,
        connections: Connections,
        plugins: Plugins,
        store: Store,
        now: Callable[[], datetime],
    ) -> None:
        self._guard = guard
        self._address = address
        self._opened = opened
        self._connections = connections
        self._plugins = plugins
        self._store = store
        self._now = now

    def router(self) -> APIRouter:
        """The routes."""
        router = api_router(self._guard, "Settings")
        router.add_api_route("/api/settings/public_chat_url", self._public_url, methods=["GET"])
        router.add_api_route("/api/settings/public_chat_url", self._set_public_url, methods=["PUT"])
        router.add_api_route("/api/channels", self._channels, methods=["GET"])
        return router

    async def _public_url(self, request: Request) -> PublicUrlAnswer:
        """Where providers reach this host."""
        await self._guard.admin(request)
        return self._answer()

    async def _set_public_url(self, request: Request, body: PublicUrlBody) -> PublicUrlAnswer:
        """Change the public address; every webhook URL follows at once."""
        principal = await self._guard.admin(request)
        try:
            await self._address.set(body.value)
        except ValueError as error:
            raise ApiError(422, "invalid_input", f"public_chat_url {error}.", field="value") from None
        self._opened.forget()
        now = self._now()
        await self._store.write(lambda tx: audit.add(tx, now, principal.actor, "set_public_chat_url"))
        problems = await self._connections.register_all() if self._address.value else []
        return self._answer(problems)

    def _answer(self, problems: Sequence[str] = ()) -> PublicUrlAnswer:
        value = self._address.value
        warning: str | None
        if value is None:
            warning = "public_chat_url is not set: there are no webhook URLs, and no provider can reach your agents."
        elif value.startswith("http://"):
            warning = "Providers deliver to https:// addresses; this one starts with http://."
        else:
            warning = f"Some providers could not be told: {'; '.join(problems)}" if problems else None
        return PublicUrlAnswer(value=value, warning=warning)

    async def _channels(self) -> list[ChannelAnswer]:
        """The installed channels and what they can do; broken plugins with the reason."""
        ready = [self._ready(name) for name in self._plugins]
        broken = [
            ChannelAnswer(name=one.name, version=one.version, available=False, reason=one.reason)
            for one in self._plugins.unavailable
        ]
        return ready + broken

    def _ready(self, name: str) -> ChannelAnswer:
        plugin = self._plugins[name]
        manifest = plugin.manifest
        capabilities = asdict(manifest.capabilities)
        capabilities["list_missed"] = manifest.capabilities.list_missed.total_seconds()
        window = manifest.reply_window
        return ChannelAnswer(
            name=name,
            title=manifest.title,
            version=plugin.version,
            available=True,
            capabilities={"text": manifest.limits.text, **capabilities},
            reply_window_hours=window.total_seconds() / 3600 if window else None,
            auto=manifest.auto,
            setup_steps=[asdict(step) for step in manifest.setup_steps],
        )
