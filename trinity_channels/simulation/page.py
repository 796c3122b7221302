"""A page on which people try a channel without an account anywhere: its files, and the small JSON API that it polls."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

ASSETS = Path(__file__).parent / "assets"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEADERS = {
    # What people write is shown on this page: no script of theirs may run.
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
MAX_NAME = 40
SHOWN = 200
"""How many messages of a chat a page shows."""


class Refused(Exception):
    """Something that a person cannot do. The page shows the text."""

    def __init__(self, text: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(text)
        self.status = status


class Person(Protocol):
    """A person with a phone."""

    name: str
    address: str


P = TypeVar("P", bound=Person)


class Page(ABC, Generic[P]):
    """The page at `/` of a simulator, its files below `page/`, and who is on it; every address in it is relative.

    Args:
        html: the page. Its script finds the JSON API in `chat.js`.
        folder: the channel's own styles, scripts and pictures.
    """

    def __init__(self, html: str, folder: Path) -> None:
        self._html = html
        # Listed once: a request names a key of this table, never a path.
        self._files = {one.name: one for place in (ASSETS, folder) for one in place.iterdir() if one.suffix in TYPES}

    @abstractmethod
    def people(self) -> Iterable[P]:
        """All people."""

    @abstractmethod
    def add(self, name: str) -> P:
        """A person, new or existing."""

    @abstractmethod
    async def seen(self, person: P) -> dict[str, Any]:
        """What a person sees now, as the page's script draws it."""

    @abstractmethod
    async def say(self, person: P, said: dict[str, Any]) -> None:
        """Do what a person did on the page; raises `Refused`."""

    def routes(self) -> list[Route]:
        """Where it answers. What changes something takes JSON only, which no foreign page can post unasked."""
        return [
            route("GET", "/", self._index),
            route("GET", "/page/{file}", self._file),
            route("GET", "/phones", self._phones),
            route("POST", "/phones", self._add),
            route("GET", "/phones/{name:path}/messages", self._messages),
            route("POST", "/phones/{name:path}/say", self._say),
        ]

    async def _index(self, _: Request) -> Response:
        return HTMLResponse(self._html, headers=HEADERS)

    async def _file(self, request: Request) -> Response:
        file = self._files.get(request.path_params["file"])
        if file is None:
            raise Refused("There is no such file.", HTTPStatus.NOT_FOUND)
        return FileResponse(file, media_type=TYPES[file.suffix], headers=HEADERS)

    async def _phones(self, _: Request) -> Response:
        return JSONResponse({"phones": [_shown(one) for one in self.people()]})

    async def _add(self, request: Request) -> Response:
        name = str((await posted(request)).get("name", "")).strip()
        if not 0 < len(name) <= MAX_NAME:
            raise Refused(f"A name has 1 to {MAX_NAME} characters.")
        return JSONResponse(_shown(self.add(name)), HTTPStatus.CREATED)

    async def _messages(self, request: Request) -> Response:
        return JSONResponse(await self.seen(self._named(request)))

    async def _say(self, request: Request) -> Response:
        await self.say(self._named(request), await posted(request))
        return JSONResponse({}, HTTPStatus.ACCEPTED)

    def _named(self, request: Request) -> P:
        name = request.path_params["name"]
        if (found := next((one for one in self.people() if one.name == name), None)) is None:
            raise Refused("No person has this name.", HTTPStatus.NOT_FOUND)
        return found


def route(method: str, path: str, answer: Callable[[Request], Awaitable[Response]]) -> Route:
    """Serve one path; refusals are answers too."""

    async def endpoint(request: Request) -> Response:
        try:
            return await answer(request)
        except Refused as refused:
            return JSONResponse({"message": str(refused)}, refused.status)

    return Route(path, endpoint, methods=[method])


async def posted(request: Request) -> dict[str, Any]:
    """The posted object."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refused("The Content-Type must be application/json.")
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused("The body is not a JSON object.")
    return body


def _shown(person: Person) -> dict[str, str]:
    return {"name": person.name, "address": person.address}
