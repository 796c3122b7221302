"""`/healthz`, `/readyz` and `/metrics`, for monitoring a host that runs alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from math import nan

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trinity_channels.observability.metrics import CONTENT_TYPE, Metrics
from trinity_channels.plugins import Plugins
from trinity_channels.readiness import PATIENCE, Readiness, Ready
from trinity_channels.store import StoreError
from trinity_channels.web.errors import SAFE_HEADERS
from trinity_channels.web.local import Entrance


class Probes:
    """Answers them.

    `readiness` says whether requests may be sent here, `unknown` how many came to unknown webhook addresses in the last
    day, `waiting` for how many seconds the oldest message without an answer has waited. `entrance` decides who sees more
    than whether the process is ready.
    """

    def __init__(
        self,
        *,
        plugins: Plugins,
        readiness: Readiness,
        metrics: Metrics,
        unknown: Callable[[], Awaitable[int]],
        waiting: Callable[[], Awaitable[float]],
        entrance: Entrance,
    ) -> None:
        self._plugins = plugins
        self._readiness = readiness
        self._metrics = metrics
        self._unknown = unknown
        self._waiting = waiting
        self._entrance = entrance

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("/healthz", self._healthz, methods=["GET"]),
            Route("/readyz", self._readyz, methods=["GET"]),
            Route("/metrics", self._entrance.guarded(self._render), methods=["GET"]),
        ]

    async def _healthz(self, _: Request) -> Response:
        # Nothing is looked at: it only says that the process answers, or a slow database would have it restarted.
        return JSONResponse({"status": "ok"}, headers=SAFE_HEADERS)

    async def _readyz(self, request: Request) -> Response:
        found = await self._readiness.look()
        # All that strangers see: names of agents and channels are for those who may look.
        status: dict[str, object] = {"status": "ready" if found.ready else "not ready"}
        if await self._shows_details(request):
            status |= await self._details(found)
        return JSONResponse(status, 200 if found.ready else 503, headers=SAFE_HEADERS)

    async def _details(self, found: Ready) -> dict[str, object]:
        return {
            "reasons": [
                {"code": one.code, "state": one.state, "message": one.message, "fix": one.fix} for one in found.checks
            ],
            "role": self._readiness.role.value,
            "database": found.database,
            "dispatcher": self._readiness.dispatcher,
            "keys": found.keys,
            "unknown_webhooks_last_day": await self._unknown_last_day() if found.database == "ok" else None,
            "plugins": dict.fromkeys(self._plugins, "ready")
            | {one.name: f"unavailable: {one.reason}" for one in self._plugins.unavailable},
        }

    async def _unknown_last_day(self) -> int | None:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._unknown()
        except (TimeoutError, StoreError):  # it has answered a moment ago
            return None

    async def _shows_details(self, request: Request) -> bool:
        try:
            return await asyncio.wait_for(self._entrance.admits(request), PATIENCE)
        except TimeoutError:  # the database does not answer; that much is told already
            return False

    async def _render(self, _: Request) -> Response:
        try:
            async with asyncio.timeout(PATIENCE):
                self._metrics.oldest_open.set(await self._waiting())
        except (TimeoutError, StoreError):
            self._metrics.oldest_open.set(nan)
        return Response(self._metrics.render(), media_type=CONTENT_TYPE, headers=SAFE_HEADERS)
