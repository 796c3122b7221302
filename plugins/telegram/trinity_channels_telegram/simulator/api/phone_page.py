"""A page that looks like a phone, so that people can try a bot without an account anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from trinity_channels_telegram.simulator.chats import ARRIVED, Posted
from trinity_channels_telegram.simulator.delivery import Delivery
from trinity_channels_telegram.simulator.network import Network
from trinity_channels_telegram.simulator.phones import Phone
from trinity_channels_telegram.simulator.problems import Problem, bad_request

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
    """The page at `/`, its files, and the small JSON API it polls; every address in it is relative."""

    def __init__(self, network: Network, delivery: Delivery, phone: PhoneFactory) -> None:
        self._network = network
        self._delivery = delivery
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
            raise Problem(HTTPStatus.NOT_FOUND, "Not Found")
        return FileResponse(FOLDER / name, media_type=FILES[name], headers=HEADERS)

    async def _phones(self, _: Request) -> Response:
        return JSONResponse({"phones": [_person(one) for one in self._network.people.values()]})

    async def _add(self, request: Request) -> Response:
        name = str((await _read(request)).get("name", "")).strip()
        if not 0 < len(name) <= MAX_NAME:
            raise bad_request("name")
        return JSONResponse(_person(self._phone(name)), HTTPStatus.CREATED)

    async def _messages(self, request: Request) -> Response:
        phone = self._named(request)
        return JSONResponse(
            {
                "with": {"name": phone.bot.name, "address": phone.bot.mention},
                "now": self._network.clock().isoformat(),
                "typing": phone.typing,
                "started": phone.chat.bots[phone.bot] != "left",
                "messages": [_bubble(one) for one in phone.chat.messages[-SHOWN:]],
            }
        )

    async def _say(self, request: Request) -> Response:
        phone, body = self._named(request), await _read(request)
        text, button = str(body.get("text", "")).strip(), str(body.get("button", ""))
        if not text and phone.offer(button) is None:
            raise bad_request("text or button")
        self._network.background.start(_act(phone, text, button))
        return JSONResponse({}, HTTPStatus.ACCEPTED)

    async def _advance(self, request: Request) -> Response:
        hours = (await _read(request)).get("hours")
        if not isinstance(hours, int) or hours < 0:
            raise bad_request("hours")
        self._network.clock.advance(timedelta(hours=hours))
        self._delivery.wake()
        return JSONResponse({"now": self._network.clock().isoformat()})

    def _named(self, request: Request) -> Phone:
        phone = self._network.people.get(request.path_params["name"])
        if phone is None:
            raise Problem(HTTPStatus.NOT_FOUND, "Not Found")
        return phone


async def _act(phone: Phone, text: str, button: str) -> None:
    if button:
        await phone.taps(button)
    else:
        await phone.says(text)


async def _read(request: Request) -> dict[str, Any]:
    """The posted object."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise bad_request("the Content-Type must be application/json")
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise bad_request("the body is no JSON") from None
    if not isinstance(body, dict):
        raise bad_request("the body is no JSON object")
    return body


def _person(phone: Phone) -> dict[str, Any]:
    return {"name": phone.name, "id": phone.id}


def _bubble(message: Posted) -> dict[str, Any]:
    return {
        "id": message.number,
        "mine": not message.by_bot,
        "text": message.text,
        "entities": [entity.json for entity in message.entities],
        "at": message.date.isoformat(),
        "ticks": ARRIVED if message.by_bot or message.seen else 1,
        "buttons": [button["text"] for row in message.keyboard for button in row],
    }
