"""Diagnosis: the whole installation, and the way from the public address to the database, proven by a probe."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from fastapi import Request
from pydantic import BaseModel, Field

from trinity_channels.api import Check
from trinity_channels.bindings.public_address import Probed
from trinity_channels.inbound.way_in import OwnersWayIn
from trinity_channels.principal import Principal
from trinity_channels.web.auth import Guard
from trinity_channels.web.health_check import HealthCheck
from trinity_channels.web.route import Router, api_router


class FindingsAnswer(BaseModel):
    """The findings about one part of the installation."""

    title: str
    agent: str = Field(description="Whose account it is about; empty if it is not about one")
    channel: str
    checks: list[HealthCheck]


class ProbeAnswer(BaseModel):
    """What a probe of one channel found: a check for each leg of the way in, in order. `url` is without its key."""

    channel: str
    url: str
    at: datetime
    works: bool
    checks: list[HealthCheck]

    @classmethod
    def of(cls, found: Probed) -> ProbeAnswer:
        checks = [HealthCheck.of(check, "", found.channel) for check in found.checks]
        return cls(channel=found.channel, url=found.url, at=found.at, works=found.failure is None, checks=checks)


class Findings(Protocol):
    """What `examine` returns."""

    @property
    def title(self) -> str:
        """The part that was examined."""

    @property
    def agent(self) -> str:
        """Whose account it is; empty if it is not about one."""

    @property
    def channel(self) -> str:
        """On which channel."""

    @property
    def checks(self) -> Sequence[Check]:
        """What was found."""


class DiagnosisApi:
    """Builds `/api/settings/diagnosis` and `/api/settings/public_chat_url/probe`."""

    def __init__(
        self,
        guard: Guard,
        way_in: OwnersWayIn,
        examine: Callable[[Principal], Awaitable[Sequence[Findings]]],
    ) -> None:
        self._guard = guard
        self._way_in = way_in
        self._examine = examine

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Settings", admins_only=True)
        router.add_api_route("/api/settings/diagnosis", self._diagnosis, methods=["POST"])
        router.add_api_route("/api/settings/public_chat_url/probe", self._probed, methods=["GET"])
        router.add_api_route("/api/settings/public_chat_url/probe", self._probe, methods=["POST"])
        return router

    async def _diagnosis(self, request: Request) -> list[FindingsAnswer]:
        """Examine this host, its agents, its accounts and the way in; providers are asked, no message is sent."""
        found = await self._examine(await self._guard.principal(request))
        return [
            FindingsAnswer(
                title=one.title,
                agent=one.agent,
                channel=one.channel,
                checks=[HealthCheck.of(check, one.agent, one.channel) for check in one.checks],
            )
            for one in found
        ]

    async def _probed(self, request: Request) -> list[ProbeAnswer]:
        """What the newest probes found; empty before the first one since the host was started or its address changed."""
        return _answers(self._way_in.newest(await self._guard.principal(request)))

    async def _probe(self, request: Request) -> list[ProbeAnswer]:
        """Send a signed probe through the public address to this host, one for each channel in use."""
        return _answers(await self._way_in.prove_all(await self._guard.principal(request)))


def _answers(found: Iterable[Probed]) -> list[ProbeAnswer]:
    return [ProbeAnswer.of(one) for one in found]
