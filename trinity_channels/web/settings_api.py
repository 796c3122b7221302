"""Host-wide settings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trinity_channels.bindings.address_change import AddressChange
from trinity_channels.host_settings import HostSettings, Origin
from trinity_channels.limits import Limits, LimitSetting
from trinity_channels.web.auth import Guard
from trinity_channels.web.route import Router, api_router


class PublicUrlBody(BaseModel):
    """The public address of this host; empty for none."""

    value: Annotated[str, StringConstraints(max_length=2000)]


class PublicUrlAnswer(BaseModel):
    """The stored address, as the platform answers a setting; `warning` says what does not work with it."""

    model_config = ConfigDict(from_attributes=True)

    key: Literal["public_chat_url"] = "public_chat_url"
    value: str | None
    updated_at: datetime | None = Field(description="Null if it was never changed while the host runs")
    warning: str | None = None


class SettingAnswer(BaseModel):
    """One setting of the host."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="The environment variable")
    meaning: str
    value: str = Field(description="What counts; of a secret only whether it is set")
    secret: bool
    origin: Origin = Field(description="stored (changed while the host runs), environment, file, application, default")
    route: str = Field(description="What changes it while the host runs; empty if a restart is needed")


class LimitsBody(BaseModel):
    """Limits to be stored; what is left out stays. Null removes a stored one, so that the settings count again."""

    # strict: `true` must not mean one day
    model_config = ConfigDict(extra="forbid", strict=True)

    keep_bodies_days: int | None = None
    email_lifetime_days: int | None = None
    late_after_hours: float | None = None
    park_after_hours: float | None = None
    disclose_after_hours: float | None = None
    notices_per_contact: int | None = None
    notices_per_binding: int | None = None


class LimitAnswer(BaseModel):
    """One limit."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    value: float
    configured: float = Field(description="What counts if nothing is stored")
    stored: bool


class SettingsApi:
    """Builds `/api/settings…`."""

    def __init__(self, guard: Guard, change: AddressChange, limits: Limits, every: HostSettings) -> None:
        self._guard = guard
        self._change = change
        self._limits = limits
        self._every = every

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Settings", admins_only=True)
        router.add_api_route("/api/settings", self._settings, methods=["GET"])
        router.add_api_route("/api/settings/limits", self._get_limits, methods=["GET"])
        router.add_api_route("/api/settings/limits", self._set_limits, methods=["PUT"])
        router.add_api_route("/api/settings/public_chat_url", self._public_url, methods=["GET"])
        router.add_api_route("/api/settings/public_chat_url", self._set_public_url, methods=["PUT"])
        return router

    async def _settings(self, request: Request) -> list[SettingAnswer]:
        """Every setting of this host, and where its value comes from. Administrators only."""
        found = self._every.of(await self._guard.principal(request))
        return [SettingAnswer.model_validate(one) for one in found]

    async def _get_limits(self, request: Request) -> list[LimitAnswer]:
        """The limits that can be changed while the host runs. Administrators only."""
        return _limits(self._limits.settings(await self._guard.principal(request)))

    async def _set_limits(self, request: Request, body: LimitsBody) -> list[LimitAnswer]:
        """Change limits of the host; they count at once, and win over the settings. Administrators only."""
        changes = body.model_dump(exclude_unset=True)
        return _limits(await self._limits.change(await self._guard.principal(request), changes))

    async def _public_url(self, request: Request) -> PublicUrlAnswer:
        """Where providers reach this host."""
        return PublicUrlAnswer.model_validate(await self._change.dated(await self._guard.principal(request)))

    async def _set_public_url(self, request: Request, body: PublicUrlBody) -> PublicUrlAnswer:
        """Change the public address; every webhook URL follows at once.

        An empty value removes it, without asking: there are no webhook URLs then, and signatures of messages that still
        come cannot be checked, so that they are refused. The address that the settings name does not count instead.
        """
        changed = await self._change.to(await self._guard.principal(request), body.value)
        return PublicUrlAnswer.model_validate(changed)


def _limits(found: Iterable[LimitSetting]) -> list[LimitAnswer]:
    return [LimitAnswer.model_validate(one) for one in found]
