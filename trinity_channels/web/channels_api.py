"""The list of channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field

from trinity_channels.api import Channel, SetupStep
from trinity_channels.bindings.usage import ChannelUsage
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Role
from trinity_channels.web.auth import Guard
from trinity_channels.web.languages import languages
from trinity_channels.web.route import Router, api_router


class ChannelAnswer(BaseModel):
    """One channel; `reason` says why it is unavailable, `warnings` what of it is not used or is deprecated."""

    name: str
    title: str | None = None
    version: str
    available: bool
    reason: str | None = None
    warnings: list[str] = []
    capabilities: dict[str, Any] = {}
    agents: int | None = Field(None, description="How many agents are connected; for administrators only")
    reply_window_hours: float | None = None
    auto: bool | None = None
    setup_steps: list[dict[str, Any]] = []


class ChannelsApi:
    """Builds `/api/channels`."""

    def __init__(self, guard: Guard, plugins: Plugins, usage: ChannelUsage) -> None:
        self._guard = guard
        self._plugins = plugins
        self._usage = usage

    def router(self) -> Router:
        """The route."""
        router = api_router(self._guard, "Settings")
        router.add_api_route("/api/channels", self._channels, methods=["GET"])
        return router

    async def _channels(self, request: Request) -> list[ChannelAnswer]:
        """The installed channels and what they can do; broken plugins with the reason.

        Titles and set-up steps are in the language of `Accept-Language` where the plugin has them in it.

        Administrators also see how many agents use each, and channels in use whose plugin is not installed.
        """
        answers = self._installed(languages(request.headers.get("accept-language", "")))
        principal = await self._guard.principal(request)
        if principal.role is Role.ADMIN:
            usage = await self._usage.agents(principal)
            # Several plugins may claim one name; each is listed.
            for name in sorted(set(usage) - {one.name for one in answers}):
                answers.append(
                    ChannelAnswer(name=name, version="", available=False, reason="Its plugin is not installed.")
                )
            for answer in answers:
                answer.agents = usage.get(answer.name, 0)
        return answers

    def _installed(self, wanted: Sequence[str]) -> list[ChannelAnswer]:
        ready = [self._ready(name, wanted) for name in self._plugins]
        broken = [
            ChannelAnswer(name=one.name, version=one.version, available=False, reason=one.reason)
            for one in self._plugins.unavailable
        ]
        return ready + broken

    def _ready(self, name: str, wanted: Sequence[str]) -> ChannelAnswer:
        plugin = self._plugins[name]
        manifest = plugin.manifest
        capabilities = asdict(manifest.capabilities)
        # Periods, which JSON does not have.
        for period in ("idempotent", "list_missed"):
            capabilities[period] = capabilities[period].total_seconds()
        window = manifest.reply_window
        return ChannelAnswer(
            name=name,
            title=manifest.translated(manifest.title, wanted),
            version=plugin.version,
            available=True,
            warnings=list(plugin.warnings),
            capabilities={"text": manifest.limits.text, **capabilities},
            reply_window_hours=window.total_seconds() / 3600 if window else None,
            auto=manifest.auto,
            setup_steps=[asdict(_translated(step, manifest, wanted)) for step in manifest.setup_steps],
        )


def _translated(step: SetupStep, manifest: Channel, wanted: Sequence[str]) -> SetupStep:
    def say(text: str) -> str:
        return manifest.translated(text, wanted)

    return replace(
        step,
        title=say(step.title),
        text=say(step.text),
        path=tuple(map(say, step.path)),
        invitation=say(step.invitation),
    )
