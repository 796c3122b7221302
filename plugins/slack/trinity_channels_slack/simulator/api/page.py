"""A page to chat on, so that people can try the channel without an account anywhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from trinity_channels_slack.simulator.messages import Conversation, Message
from trinity_channels_slack.simulator.phones import SlackPhone
from trinity_channels_slack.simulator.shown import shown
from trinity_channels_slack.simulator.webhooks import RequestUrlRefused
from trinity_channels_slack.simulator.workspace import Workspace

FOLDER = Path(__file__).parent.parent / "page"
FILES = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
MAX_NAME = 40
SHOWN = 200


class People(Protocol):
    """The simulator, as far as the page needs it."""

    @property
    def phones(self) -> Sequence[SlackPhone]:
        """Everybody."""

    def phone(self, name: str) -> SlackPhone:
        """Somebody, new or not."""

    async def send_due(self) -> bool:
        """Send the retries that are due."""

    async def carry(self, conversation: Conversation, message: Message) -> None:
        """Send the events of a message."""


class Page:
    """The page at `/`, its files, and the small JSON API it polls; every address in it is relative."""

    def __init__(self, workspace: Workspace, people: People) -> None:
        self._workspace = workspace
        self._people = people

    def routes(self) -> list[Route]:
        """Where it answers. What changes something takes JSON only, which no foreign page can post unasked."""
        return [
            Route("/", self._page, methods=["GET"]),
            Route("/page/{file}", self._file, methods=["GET"]),
            Route("/phones", self._phones, methods=["GET"]),
            Route("/phones", self._add, methods=["POST"]),
            Route("/phones/{name:path}/messages", self._messages, methods=["GET"]),
            Route("/phones/{name:path}/say", self._say, methods=["POST"]),
        ]

    async def _page(self, _: Request) -> Response:
        return FileResponse(FOLDER / "index.html", media_type="text/html", headers=HEADERS)

    async def _file(self, request: Request) -> Response:
        name = request.path_params["file"]
        if name not in FILES:
            return _problem(404, "There is no such file.")
        return FileResponse(FOLDER / name, media_type=FILES[name], headers=HEADERS)

    async def _phones(self, _: Request) -> Response:
        return JSONResponse({"phones": [{"name": one.name, "address": one.address} for one in self._people.phones]})

    async def _add(self, request: Request) -> Response:
        name = str((await _read(request)).get("name", "")).strip()
        if not 0 < len(name) <= MAX_NAME:
            return _problem(400, f"A name has 1 to {MAX_NAME} characters.")
        phone = self._people.phone(name)
        return JSONResponse({"name": phone.name, "address": phone.address}, 201)

    async def _messages(self, request: Request) -> Response:
        phone = self._named(request)
        if phone is None:
            return _problem(404, "Nobody has this name.")
        await self._people.send_due()  # whoever looks keeps time going
        messages = [self._shown(phone, *pair) for pair in phone.sees()[-SHOWN:]]
        return JSONResponse({"with": {"name": self._workspace.app.name}, "messages": messages})

    async def _say(self, request: Request) -> Response:
        phone, body = self._named(request), await _read(request)
        if phone is None:
            return _problem(404, "Nobody has this name.")
        text, channel = str(body.get("text", "")).strip(), str(body.get("channel", ""))
        if not text:
            return _problem(400, "There is no text.")
        try:
            await (phone.mentions(text, channel=channel) if channel else phone.says(text))
        except RequestUrlRefused as refused:
            return _problem(409, str(refused))
        return JSONResponse({}, 202)

    def _named(self, request: Request) -> SlackPhone | None:
        name = request.path_params["name"]
        return next((one for one in self._people.phones if one.name == name), None)

    def _shown(self, phone: SlackPhone, conversation: Conversation, message: Message) -> dict[str, Any]:
        return {
            "id": f"{conversation.id}/{message.ts}",
            "where": "" if conversation.kind == "im" else f"#{conversation.name}",
            "by": self._workspace.name_of(message.user),
            "mine": message.user == phone.user.id,
            "reply": message.thread_ts not in {"", message.ts},
            "text": shown(message.text, self._workspace.name_of),
            "at": float(message.ts),
            "reactions": sorted(message.reactions),
        }


async def _read(request: Request) -> dict[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        return {}
    try:
        body = json.loads(await request.body())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _problem(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status)
