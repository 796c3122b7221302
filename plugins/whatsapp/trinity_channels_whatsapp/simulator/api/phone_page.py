"""A page that looks like a phone, so that people can try a channel without an account anywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from trinity_channels_whatsapp.simulator.api.access import read_json
from trinity_channels_whatsapp.simulator.messages import Message
from trinity_channels_whatsapp.simulator.network import Network
from trinity_channels_whatsapp.simulator.phones import Phone
from trinity_channels_whatsapp.simulator.problems import FAILURES, UNKNOWN_FAILURE, Problem

PhoneFactory = Callable[[str], Phone]

FOLDER = Path(__file__).parent.parent / "page"
FILES = {
    "phone.css": "text/css",
    "phone.js": "text/javascript",
    "format.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
MAX_NAME = 40
SHOWN = 200


class PhonePage:
    """The page at `/`, its two files, and the small JSON API it polls; every address in it is relative."""

    def __init__(self, network: Network, phone: PhoneFactory) -> None:
        self._network = network
        self._phone = phone

    def routes(self) -> list[Route]:
        """Where it answers. What changes something takes JSON only, which no foreign page can post unasked."""
        return [
            Route("/", self._page, methods=["GET"]),
            Route("/page/{file}", self._file, methods=["GET"]),
            Route("/phones", self._phones, methods=["GET"]),
            Route("/phones", self._add, methods=["POST"]),
            Route("/phones/{name:path}/messages", self._messages, methods=["GET"]),
            Route("/phones/{name:path}/say", self._say, methods=["POST"]),
            Route("/advance", self._advance, methods=["POST"]),
        ]

    async def _page(self, _: Request) -> Response:
        return FileResponse(FOLDER / "index.html", media_type="text/html", headers=HEADERS)

    async def _file(self, request: Request) -> Response:
        name = request.path_params["file"]
        if name not in FILES:
            raise Problem(20404, request.url.path)
        return FileResponse(FOLDER / name, media_type=FILES[name], headers=HEADERS)

    async def _phones(self, _: Request) -> Response:
        return JSONResponse({"phones": [_person(one) for one in self._network.people]})

    async def _add(self, request: Request) -> Response:
        name = str((await read_json(request)).get("name", "")).strip()
        if not 0 < len(name) <= MAX_NAME:
            raise Problem(20001, "name")
        return JSONResponse(_person(self._phone(name)), 201)

    async def _messages(self, request: Request) -> Response:
        phone = self._named(request)
        return JSONResponse(
            {
                "with": {"name": phone.chat.name, "address": phone.chat.address.removeprefix("whatsapp:")},
                "now": self._network.clock().isoformat(),
                "typing": phone.typing,
                "messages": [_bubble(one) for one in phone.bubbles[-SHOWN:]],
            }
        )

    async def _say(self, request: Request) -> Response:
        phone, body = self._named(request), await read_json(request)
        text, button = str(body.get("text", "")), str(body.get("button", ""))
        if not text and phone.offer(button) is None:
            raise Problem(20001, "text or button")
        self._network.background.start(phone.taps(button) if button else phone.says(text))
        return JSONResponse({}, 202)

    async def _advance(self, request: Request) -> Response:
        hours = (await read_json(request)).get("hours")
        if not isinstance(hours, int) or hours < 0:
            raise Problem(20001, "hours")
        self._network.clock.advance(timedelta(hours=hours))
        return JSONResponse({"now": self._network.clock().isoformat()})

    def _named(self, request: Request) -> Phone:
        phone = self._network.people.named(request.path_params["name"])
        if phone is None:
            raise Problem(20404, request.url.path)
        return phone


def _person(phone: Phone) -> dict[str, Any]:
    return {"name": phone.name, "number": phone.number}


def _bubble(message: Message) -> dict[str, Any]:
    failure = None
    if message.error_code is not None:
        failure = f"{message.error_code}: {FAILURES.get(message.error_code, UNKNOWN_FAILURE)[1]}"
    return {
        "id": message.sid,
        "mine": not message.outbound,
        "text": message.shown,
        "at": message.created.isoformat(),
        "ticks": message.ticks,
        "failure": failure,
        "media": message.media_urls[0]
        if message.media_urls
        else message.media[0].content_type
        if message.media
        else None,
        "buttons": list(message.template.buttons) if message.template else [],
    }
