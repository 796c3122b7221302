"""`/healthz`, `/readyz` and `/metrics`, for monitoring a host that runs alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trinity_channels.metrics import CONTENT_TYPE, Metrics
from trinity_channels.plugins import Plugins

PATIENCE = 2.0
"""Seconds that the database may take to show that it is there."""


class Probes:
    """Answers them.

    `running` tells whether the host works on what comes in, `unknown` how many requests came to unknown webhook addresses in
    the last day.
    """

    def __init__(
        self,
        plugins: Plugins,
        metrics: Metrics,
        running: Callable[[], bool],
        unknown: Callable[[], Awaitable[int]],
    ) -> None:
        self._plugins = plugins
        self._metrics = metrics
        self._running = running
        self._unknown = unknown

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("/healthz", self._healthz, methods=["GET"]),
            Route("/readyz", self._readyz, methods=["GET"]),
            Route("/metrics", self._render, methods=["GET"]),
        ]

    async def _healthz(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _readyz(self, _: Request) -> Response:
        try:
            unknown = await asyncio.wait_for(self._unknown(), PATIENCE)
            database = "ok"
        except Exception as error:  # noqa: BLE001  whatever it is, the database does not answer
            unknown, database = None, type(error).__name__
        running = self._running()
        ready = running and database == "ok" and bool(list(self._plugins))
        body = {
            "status": "ready" if ready else "not ready",
            "database": database,
            "dispatcher": "running" if running else "stopped",
            "unknown_webhooks_last_day": unknown,
            "plugins": dict.fromkeys(self._plugins, "ready")
            | {one.name: f"unavailable: {one.reason}" for one in self._plugins.unavailable},
        }
        return JSONResponse(body, 200 if ready else 503)

    async def _render(self, _: Request) -> Response:
        return Response(self._metrics.render(), media_type=CONTENT_TYPE)
