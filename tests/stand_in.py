"""A stand-in for a platform that has channels of its own, as Trinity has: its routes, and two webhooks with their bindings.

Paths are those of the platform's API; what is behind them is left out. Each route tells what it was asked, so that any
difference in what reaches it shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response

EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
WHATSAPP_SECRET = "fake-platform-whatsapp-secret"
TELEGRAM_SECRET = "fake-platform-telegram-secret"

AGENT_ROUTES = (
    ("GET", ""),
    ("GET", "/{agent_name}"),
    ("GET", "/{agent_name}/whatsapp"),
    ("PUT", "/{agent_name}/whatsapp"),
    ("DELETE", "/{agent_name}/whatsapp"),
    ("POST", "/{agent_name}/whatsapp/test"),
    ("GET", "/{agent_name}/telegram"),
    ("PUT", "/{agent_name}/telegram"),
    ("DELETE", "/{agent_name}/telegram"),
    ("POST", "/{agent_name}/telegram/test"),
    ("GET", "/{agent_name}/access-policy"),
    ("PUT", "/{agent_name}/access-policy"),
    ("GET", "/{agent_name}/access-requests"),
    ("POST", "/{agent_name}/access-requests/{request_id}/decide"),
    ("POST", "/{agent_name}/share"),
    ("DELETE", "/{agent_name}/share/{email}"),
    ("GET", "/{agent_name}/shares"),
    ("GET", "/{agent_name}/clients"),
    ("POST", "/{agent_name}/messages"),
)
OF_NO_CHANNEL = AGENT_ROUTES[:2]
"""Those that stay when the routers of the platform's channels are left out, as `run-inside-trinity.md` says."""
ROUTES = (
    *((method, f"/api/agents{path}") for method, path in AGENT_ROUTES),
    ("PUT", "/api/settings/public_chat_url"),
    ("POST", f"/api/whatsapp/webhook/{WHATSAPP_SECRET}"),
    ("POST", f"/api/telegram/webhook/{TELEGRAM_SECRET}"),
)
"""All 22 of them: the method, and the path with its parameters' names."""


@dataclass
class StandIn:
    """The platform.

    Attributes:
        received: what its webhooks took for bindings that it knows: the secret and the body.
        unknown: secrets that it was asked for and does not know.
    """

    received: list[tuple[str, bytes]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def add_routes(self, app: FastAPI, *, channels: bool = True) -> None:
        """Add its routes, as routers of their own; with or without those of its channels, their sharing and messages."""
        agents = APIRouter(prefix="/api/agents", tags=["agents"])
        for method, path in AGENT_ROUTES if channels else OF_NO_CHANNEL:
            agents.add_api_route(path, _told, methods=[method])
        app.include_router(agents)
        settings = APIRouter(prefix="/api/settings")
        settings.add_api_route("/public_chat_url", _told, methods=["PUT"])
        app.include_router(settings)
        if not channels:
            return
        whatsapp = APIRouter(prefix="/api/whatsapp")
        whatsapp.add_api_route("/webhook/{webhook_secret}", self._whatsapp, methods=["POST"])
        app.include_router(whatsapp)
        telegram = APIRouter(prefix="/api/telegram")
        telegram.add_api_route("/webhook/{secret}", self._telegram, methods=["POST"])
        app.include_router(telegram)

    async def _whatsapp(self, webhook_secret: str, request: Request) -> Response:
        if await self._take(webhook_secret, WHATSAPP_SECRET, request) and "x-twilio-signature" not in request.headers:
            raise HTTPException(403, "Invalid signature")
        return Response(EMPTY_TWIML, media_type="application/xml")

    async def _telegram(self, secret: str, request: Request) -> dict[str, bool]:
        return {"ok": await self._take(secret, TELEGRAM_SECRET, request)}

    async def _take(self, secret: str, known: str, request: Request) -> bool:
        if secret != known:
            self.unknown.append(secret)
            return False
        self.received.append((secret, await request.body()))
        return True


async def _told(request: Request) -> Response:
    body = await request.body()
    told: dict[str, Any] = {
        "the platform's": request.method,
        "path": request.url.path,
        "parameters": request.path_params,
        "query": request.url.query,
        "body": body.decode(),
    }
    return JSONResponse(told, headers={"X-Platform": "yes"})
