"""`/healthz`, `/readyz` and `/metrics`, for monitoring a host that runs alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trinity_channels.bindings import Bindings
from trinity_channels.observability.metrics import CONTENT_TYPE, Metrics
from trinity_channels.plugins import Plugins
from trinity_channels.store.bindings import StoredBinding
from trinity_channels.web.errors import SAFE_HEADERS
from trinity_channels.web.local import Entrance

PATIENCE = 2.0
"""Seconds that the database may take to show that it is there."""
SHOWN = 5


class Probes:
    """Answers them.

    `opened` has the accounts whose encryption key is lost, `running` whether the host processes messages, `unknown` how
    many requests came to unknown webhook addresses in the last day. `entrance` decides who sees more than whether the
    host is ready.
    """

    def __init__(
        self,
        *,
        plugins: Plugins,
        opened: Bindings,
        metrics: Metrics,
        running: Callable[[], bool],
        unknown: Callable[[], Awaitable[int]],
        entrance: Entrance,
    ) -> None:
        self._plugins = plugins
        self._opened = opened
        self._metrics = metrics
        self._running = running
        self._unknown = unknown
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
        try:
            async with asyncio.timeout(PATIENCE):
                unknown, (connected, locked) = await self._unknown(), await self._opened.locked()
            database = "ok"
        except Exception as error:  # noqa: BLE001  whatever it is, the database does not answer
            unknown, (connected, locked), database = None, (0, []), type(error).__name__
        running = self._running()
        # With one account's key lost the others still work; with all of them nothing can be received.
        keyless = bool(locked) and len(locked) == connected
        ready = running and database == "ok" and bool(list(self._plugins)) and not keyless
        # All that strangers see: names of agents and channels are for those who may look.
        status = {"status": "ready" if ready else "not ready"}
        details = {
            "database": database,
            "dispatcher": "running" if running else "stopped",
            "keys": _keys(locked),
            "unknown_webhooks_last_day": unknown,
            "plugins": dict.fromkeys(self._plugins, "ready")
            | {one.name: f"unavailable: {one.reason}" for one in self._plugins.unavailable},
        }
        body = status | details if await self._shows_details(request) else status
        return JSONResponse(body, 200 if ready else 503, headers=SAFE_HEADERS)

    async def _shows_details(self, request: Request) -> bool:
        try:
            return await asyncio.wait_for(self._entrance.admits(request), PATIENCE)
        except TimeoutError:  # the database does not answer; that much is told already
            return False

    async def _render(self, _: Request) -> Response:
        return Response(self._metrics.render(), media_type=CONTENT_TYPE, headers=SAFE_HEADERS)


def _keys(locked: list[StoredBinding]) -> str:
    if not locked:
        return "ok"
    named = ", ".join(f"{one.agent} on {one.channel}" for one in locked[:SHOWN])
    more = f" and {len(locked) - SHOWN} more" if len(locked) > SHOWN else ""
    return f"lost for {named}{more}"
