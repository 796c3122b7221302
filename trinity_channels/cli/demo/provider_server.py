"""The second server of the demo: the simulated providers with their phones, the mailbox, and the demo's own page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from trinity_channels.api import Channel, Simulator
from trinity_channels.cli.demo.owner import Owner
from trinity_channels.cli.errors import CommandFailed
from trinity_channels.mail.captured import CapturedMailer
from trinity_channels.plugins import Plugins

FOLDER = Path(__file__).parent / "page"
FILES = {
    "demo.css": "text/css",
    "demo.js": "text/javascript",
    "mails.js": "text/javascript",
    "mailbox.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
WRITTEN_FIRST = "Good morning! The report that you asked for is ready."
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def provider_server(
    simulators: Mapping[str, Simulator], plugins: Plugins, owner: Owner, mails: CapturedMailer, agent: str, url: str
) -> Starlette:
    """The application of the second server: `/`, `/mailbox`, and every simulator under its channel's name."""
    pages = _Pages(owner, mails)
    about = {
        "agent": agent,
        "host": url,
        "channels": [_about(plugins[name].manifest) for name in simulators],
    }

    async def tell(_: Request) -> Response:
        return JSONResponse(about)

    return Starlette(
        routes=[
            Route("/", _page("index.html")),
            Route("/mailbox", _page("mailbox.html")),
            Route("/page/{file}", _file),
            Route("/about.json", tell),
            Route("/mailbox.json", pages.mailbox),
            Route("/requests", pages.requests),
            Route("/requests/{request_id:int}/decide", pages.decide, methods=["POST"]),
            Route("/requests/{request_id:int}/write-first", pages.write_first, methods=["POST"]),
            Route("/messages/{message}", pages.message),
            *(Mount(f"/{name}", simulator.app) for name, simulator in simulators.items()),
        ],
        # A page elsewhere that resolves its own name to this machine must not read mail or approve requests.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
        exception_handlers={CommandFailed: _failed},
    )


def _about(manifest: Channel) -> dict[str, object]:
    """What the page says of a channel; `shows` names the hints that make sense there."""
    signing_in = "vouched" if manifest.capabilities.verified_email else "mail"
    return {
        "name": manifest.name,
        "title": manifest.title,
        "shows": [signing_in, *(["window"] if manifest.reply_window else [])],
    }


class _Pages:
    """What the pages ask for. The simulators are mounted on the same origin, so that the page may show them in frames."""

    def __init__(self, owner: Owner, mails: CapturedMailer) -> None:
        self._owner = owner
        self._mails = mails

    async def mailbox(self, _: Request) -> Response:
        found = [{"to": mail.to, "subject": mail.subject, "text": mail.text} for mail in reversed(self._mails.mails)]
        return JSONResponse({"mails": found})

    async def requests(self, _: Request) -> Response:
        return JSONResponse({"requests": await self._owner.requests()})

    async def decide(self, request: Request) -> Response:
        body = await _json(request)
        await self._owner.decide(request.path_params["request_id"], approve=body.get("approve") is True)
        return JSONResponse({})

    async def write_first(self, request: Request) -> Response:
        await _json(request)
        wanted = request.path_params["request_id"]
        found = next((one for one in await self._owner.requests() if one["id"] == wanted), None)
        if found is None:
            raise HTTPException(404)
        await self._owner.allow_proactive(found["email"])
        return JSONResponse({"message": await self._owner.send(found["email"], found["channel"], WRITTEN_FIRST)})

    async def message(self, request: Request) -> Response:
        return JSONResponse(await self._owner.message(request.path_params["message"]))


async def _json(request: Request) -> dict[str, Any]:
    """The body, JSON only: that is what no foreign page can post without asking first."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415)
    body = await request.json()
    return body if isinstance(body, dict) else {}


def _page(name: str) -> Any:
    async def answer(_: Request) -> Response:
        return FileResponse(FOLDER / name, media_type="text/html", headers=HEADERS)

    return answer


async def _file(request: Request) -> Response:
    name = request.path_params["file"]
    if name not in FILES:
        raise HTTPException(404)
    return FileResponse(FOLDER / name, media_type=FILES[name], headers=HEADERS)


async def _failed(_: Request, error: Exception) -> Response:
    return JSONResponse({"message": str(error)}, 502)
