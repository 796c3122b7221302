"""The addresses of a simulator's page: what it shows, and each thing that can be done on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Generic
from urllib.parse import quote

from markupsafe import escape
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from trinity_channels import assets
from trinity_channels.simulation.live import live
from trinity_channels.simulation.page import P, PhonePage
from trinity_channels.simulation.posted import Refused, is_form, posted
from trinity_channels.simulation.samples import sample

ASSETS = Path(__file__).parent / "assets"
TYPES = {".css": "text/css", ".svg": "image/svg+xml"}
HEADERS = {
    # What people write is shown on this page: no script of theirs may run.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
MAX_NAME = 40
FARTHEST = timedelta(days=3650)

Answering = Callable[[Request], Awaitable[Response]]
Changing = Callable[[Request, dict[str, Any]], Awaitable[tuple[HTTPStatus, dict[str, Any], str]]]
"""Does what was posted; returns the status, what the API answers, and whose phone the page shows then."""


def page_routes(page: PhonePage[P]) -> list[Route]:
    """Where a page answers. All that changes something takes JSON, or a form of the page itself."""
    return _Endpoints(page).routes()


class _Endpoints(Generic[P]):
    def __init__(self, page: PhonePage[P]) -> None:
        self._page = page
        # Listed once: a request names a key of this table, never a path.
        places = [ASSETS, page.folder] if page.folder else [ASSETS]
        found = (one for place in places for one in place.iterdir())
        self._files = {one.name: one for one in found if one.suffix in TYPES}

    def routes(self) -> list[Route]:
        phone = "/phones/{name:path}"
        return [
            _route("GET", "/", self._draw),
            _route("GET", "/page/{file}", self._file),
            Route("/assets/{version}/{name}", assets.serve, methods=["GET"]),
            _route("GET", "/phones", self._phones),
            _route("GET", f"{phone}/messages", self._messages),
            _route("GET", f"{phone}/live", self._live),
            _route("GET", f"{phone}/files/{{message:path}}", self._content),
            _route("GET", "/switches", self._switches),
            _route("GET", "/console", self._console),
            _route("POST", "/phones", self._changed(self._add)),
            _route("POST", f"{phone}/say", self._changed(self._say)),
            _route("POST", f"{phone}/send", self._changed(self._send)),
            _route("POST", f"{phone}/act", self._changed(self._act)),
            _route("POST", "/switches/{switch}", self._changed(self._switch)),
            _route("POST", "/console/{page}", self._changed(self._enter)),
            _route("POST", "/advance", self._changed(self._advance)),
        ]

    # --- what there is to see ---

    async def _draw(self, request: Request) -> Response:
        return await self._drawn(request, request.query_params.get("as", ""), None)

    async def _drawn(self, request: Request, name: str, refused: Refused | None) -> Response:
        from trinity_channels.simulation.drawing import drawn  # noqa: PLC0415 -- templates, which only people need

        people = list(self._page.people())
        person = next((one for one in people if one.name == name), people[0] if people else None)
        # Beside the form that was refused: a page of the console, else what is written with.
        console = request.path_params.get("page", "")
        html = await drawn(self._page, request, person, {console: str(refused)} if refused else {})
        return HTMLResponse(html, refused.status if refused else HTTPStatus.OK, headers=HEADERS)

    async def _live(self, request: Request) -> Response:
        from trinity_channels.simulation.drawing import parts  # noqa: PLC0415 -- see above

        return live(partial(parts, self._page, request, self._named(request)), HEADERS)

    async def _file(self, request: Request) -> Response:
        file = self._files.get(request.path_params["file"])
        if file is None:
            raise Refused("There is no such file.", HTTPStatus.NOT_FOUND)
        return FileResponse(file, media_type=TYPES[file.suffix], headers=HEADERS)

    async def _content(self, request: Request) -> Response:
        bubbles = (await self._page.screen(self._named(request))).bubbles
        files = (one.file for one in bubbles if one.id == request.path_params["message"])
        file = next((one for one in files if one is not None and one.content), None)
        if file is None:
            raise Refused("There is no such file.", HTTPStatus.NOT_FOUND)
        # Opened by itself, what someone has sent must not run as a page of this origin.
        headers = HEADERS | {"Content-Security-Policy": "default-src 'none'; sandbox"}
        return Response(file.content, headers=headers, media_type=file.content_type)

    async def _phones(self, _: Request) -> Response:
        return JSONResponse({"phones": [{"name": one.name, "address": one.address} for one in self._page.people()]})

    async def _messages(self, request: Request) -> Response:
        screen = await self._page.screen(self._named(request))
        return JSONResponse(screen.json | {"now": self._page.clock().isoformat()})

    async def _switches(self, _: Request) -> Response:
        return JSONResponse({"switches": [one.json for one in self._page.switches]})

    async def _console(self, _: Request) -> Response:
        return JSONResponse({"pages": [one.json for one in self._page.console()]})

    # --- what can be done ---

    def _changed(self, change: Changing) -> Answering:
        """Answer JSON with JSON, and a form with the page or, to its script, with what was refused."""

        async def answer(request: Request) -> Response:
            if not is_form(request):
                status, content, _ = await change(request, await posted(request))
                return JSONResponse(content, status)
            scripted, refused, name = "hx-request" in request.headers, None, ""
            try:
                form = await posted(request)
                name = request.path_params.get("name") or str(form.get("as", ""))
                *_, name = await change(request, form)
            except Refused as error:
                refused = error
            if scripted:
                status = refused.status if refused else HTTPStatus.OK
                return HTMLResponse(escape(str(refused or "")), status, headers=HEADERS)
            if refused:
                return await self._drawn(request, name, refused)
            page = f"{request.scope.get('root_path', '')}/?as={quote(name, safe='')}"
            # So that reloading the page does not send the form again.
            return RedirectResponse(page, HTTPStatus.SEE_OTHER, headers=HEADERS)

        return answer

    async def _add(self, _: Request, given: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any], str]:
        name = _words(given, "name").strip()
        if not 0 < len(name) <= MAX_NAME:
            raise Refused(f"A name has 1 to {MAX_NAME} characters.")
        person = self._page.add(name)
        return HTTPStatus.CREATED, {"name": person.name, "address": person.address}, person.name

    async def _say(self, request: Request, given: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any], str]:
        person, button = self._named(request), _words(given, "button")
        # Browsers send the line breaks of a text area as CRLF.
        text = _words(given, "text").strip().replace("\r\n", "\n")
        if button:
            # What the page does not show cannot be pressed, not even by a program.
            if not any(button in one.buttons for one in (await self._page.screen(person)).bubbles):
                raise Refused("There is no such button.")
            await self._page.tap(person, button)
        elif text:
            where, thread = _words(given, "where"), _words(given, "thread")
            if where not in {"", *self._page.destinations()}:
                raise Refused("There is no such place to write to.")
            await self._page.say(person, text, where, thread)
        else:
            raise Refused("Write something first.")
        return HTTPStatus.ACCEPTED, {}, person.name

    async def _send(self, request: Request, given: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any], str]:
        person, kind = self._named(request), _words(given, "kind")
        if kind not in self._page.attachments():
            raise Refused(f"The kind must be one of {', '.join(self._page.attachments())}.")
        await self._page.send(person, sample(kind))
        return HTTPStatus.ACCEPTED, {}, person.name

    async def _act(self, request: Request, given: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any], str]:
        person, action = self._named(request), _words(given, "action")
        if action not in ((await self._page.screen(person)).actions or {}):
            raise Refused("This cannot be done now.")
        await self._page.act(person, action)
        return HTTPStatus.ACCEPTED, {}, person.name

    async def _switch(self, request: Request, given: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any], str]:
        found = (one for one in self._page.switches if one.name == request.path_params["switch"])
        if (switch := next(found, None)) is None:
            raise Refused("There is no such switch.", HTTPStatus.NOT_FOUND)
        on = {"true": True, "false": False}.get(str(given.get("on")).lower())
        if on is None:
            raise Refused("on must be true or false.")
        switch.turn(on)
        return HTTPStatus.OK, switch.json, str(given.get("as", ""))

    async def _enter(self, request: Request, given: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any], str]:
        name = request.path_params["page"]
        if (page := next((one for one in self._page.console() if one.name == name), None)) is None:
            raise Refused("The console has no such page.", HTTPStatus.NOT_FOUND)
        await page.change(given)
        changed = next((one.json for one in self._page.console() if one.name == name), {})
        return HTTPStatus.OK, changed, str(given.get("as", ""))

    async def _advance(self, _: Request, given: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any], str]:
        by = timedelta(hours=_whole(given.get("hours", 0)), minutes=_whole(given.get("minutes", 0)))
        # Further ahead, dates would leave the calendar.
        if by > FARTHEST:
            raise Refused(f"Time moves by {FARTHEST.days} days at most.")
        self._page.advance(by)
        return HTTPStatus.OK, {"now": self._page.clock().isoformat()}, str(given.get("as", ""))

    def _named(self, request: Request) -> P:
        name = request.path_params["name"]
        if (found := next((one for one in self._page.people() if one.name == name), None)) is None:
            raise Refused("No person has this name.", HTTPStatus.NOT_FOUND)
        return found


def _route(method: str, path: str, answer: Answering) -> Route:
    """Serve one path; refusals are answers too."""

    async def endpoint(request: Request) -> Response:
        try:
            return await answer(request)
        except Refused as refused:
            return JSONResponse({"message": str(refused)}, refused.status)

    return Route(path, endpoint, methods=[method])


def _words(given: dict[str, Any], name: str) -> str:
    """What was posted under a name; JSON can also hold halves of characters, which no page can show."""
    words = given.get(name, "")
    if not isinstance(words, str):
        raise Refused(f"{name} must be text.")
    try:
        words.encode()
    except UnicodeEncodeError:
        raise Refused(f"{name} is not valid Unicode.") from None
    return words


def _whole(given: object) -> int:
    """A number of hours or minutes, which a form holds as text."""
    text = str(given)
    if isinstance(given, bool) or not (text.isascii() and text.isdigit() and len(text) <= len("87600000")):
        raise Refused("Time moves forward by whole hours and minutes.")
    return int(text)
