"""All pages together: finds a request's page, lets people in, turns errors into pages, and sets the headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from http import HTTPStatus
from urllib.parse import unquote

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Receive, Scope, Send

from trinity_channels import assets
from trinity_channels.authorisation import Authorisation, administrator, person
from trinity_channels.observability.log import get_logger
from trinity_channels.web.errors import ErrorResponse, translate
from trinity_channels.web.pages.cross_origin import SAFE_METHODS, is_cross_origin
from trinity_channels.web.pages.gate import Gate
from trinity_channels.web.pages.headers import HEADERS
from trinity_channels.web.pages.page import Page, Pages
from trinity_channels.web.pages.visit import Desk, Entry, Visit

log = get_logger(__name__)

_NOT_FOUND = "There is no such page, or it belongs to someone else."
_FOREIGN = "This form was sent by another site, so nothing was done. Open the page here and try again."
_GONE = {"not_connected", "not_shared", "token_not_found"}
"""Codes of what someone who may see the rest has done already, as in another tab."""
_MINUTE = 60
_ON_TOP = {"HX-Retarget": "#main", "HX-Reswap": "afterbegin"}


class Site:
    """An ASGI application; `scope["root_path"]` ends with the prefix of the pages.

    Attributes:
        pages: all addresses that it answers.
    """

    def __init__(
        self,
        modules: Iterable[Pages],
        gate: Gate,
        may: Authorisation,
        desk: Desk,
        stops: Sequence[Callable[[], Awaitable[None]]],
    ) -> None:
        self._gate = gate
        self._may = may
        self._desk = desk
        self._stops = stops
        self.pages = tuple(page for module in modules for page in module.pages())
        self._menu = [page for page in self.pages if page.menu is not None]
        by_path: dict[str, dict[str, Page]] = {}
        for page in self.pages:
            by_path.setdefault(page.path, {})[page.method] = page
        pages = [Route(path, self._endpoint(one), methods=list(one)) for path, one in by_path.items()]
        self._router = Router([Route("/assets/{version}/{name}", assets.serve, methods=["GET"]), *pages])
        self._router.default = self._unknown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        try:
            await self._router(scope, receive, send)
        except HTTPException as error:  # a path that is known, with a method that is not
            request = Request(scope, receive, send)
            await self._failed(self._visit(request), error)(scope, receive, send)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """The addresses that it answers."""
        return self._router.routes

    def missing(self, request: Request) -> Response:
        """The page for a path that does not exist."""
        return self._failed(self._visit(request), HTTPException(404))

    async def stop(self) -> None:
        """Finish what is under way."""
        for stop in self._stops:
            await stop()

    def _visit(self, request: Request, entry: Entry | None = None) -> Visit:
        return Visit(request, self._desk, entry, self._menu)

    def _endpoint(self, by_method: dict[str, Page]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            page = by_method.get(request.method) or by_method["GET"]  # HEAD
            return self._secured(await self._answer(page, request))

        return answer

    async def _answer(self, page: Page, request: Request) -> Response:
        visit = self._visit(request)
        try:
            # Before anything is looked up: another site's form costs nothing, and says nothing about the session.
            if is_cross_origin(request):
                raise HTTPException(403, _FOREIGN)
            visit = self._visit(request, await self._gate.enter(request, uses=not page.by_itself))
            if visit.entry is None and not page.public:
                return self._gate.refuse(visit, self._place(page, visit))
            if visit.entry is not None:
                await self._admit(page, visit)
            return await page.handler(visit)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:  # noqa: BLE001  a page must tell people of every error
            return self._failed(visit, error)

    def _place(self, page: Page, visit: Visit) -> str:
        """The address of the page where someone was: a form or a part of a page cannot be opened again by its own."""
        is_page = visit.request.method in SAFE_METHODS and not visit.is_part and not page.by_itself
        place = visit.here if is_page else visit.came_from
        scope = {**visit.request.scope, "method": "GET", "path": unquote(place.partition("?")[0])}
        return place if any(route.matches(scope)[0] is Match.FULL for route in self._router.routes) else ""

    async def _admit(self, page: Page, visit: Visit) -> None:
        """Refuse those who may not see a page before anything that they sent is looked at; services ask once more."""
        # An agent's own key opens no page, whichever gate has let it in.
        person(visit.principal)
        if page.of_agent:
            await self._may.owner(visit.principal, visit.request.path_params["name"])
        if page.of_host:
            administrator(visit.principal)

    async def _unknown(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.missing(Request(scope))(scope, receive, send)

    def _failed(self, visit: Visit, error: Exception) -> Response:
        told = translate(error)
        if told is None:
            # The route's pattern and not the path, which may hold a link's token or name a person.
            route = getattr(visit.request.scope.get("route"), "path", "")
            log.error("page failed", route=route, exc_info=error)
            told = ErrorResponse(
                "internal_error",
                "This is a fault of the host. Try again. If it happens again, ask the person who runs the host: its "
                "log says more.",
            )
        title, text = _words(told)
        if not visit.is_part:
            return self._secured(visit.render("message.html", told.status, title=title, text=text), told.headers)
        # htmx would put the whole page where the part belongs. What was only fetched stays as it is; what a person did not
        # succeed in is told on top of the page.
        where = {"HX-Reswap": "none"} if visit.request.method == "GET" else _ON_TOP
        part = visit.render("error_part.html", told.status, title=title, text=text)
        return self._secured(part, {**told.headers, **where})

    def _secured(self, response: Response, extra: dict[str, str] | None = None) -> Response:
        for name, value in (HEADERS | (extra or {})).items():
            response.headers.setdefault(name, value)
        return response


def _words(error: ErrorResponse) -> tuple[str, str]:
    """The title and the text of an error's page. What is missing and what is someone else's look the same."""
    if error.body["code"] in _GONE:
        return "This is not there any more", str(error.body["message"])
    if error.status == HTTPStatus.NOT_FOUND:
        return "Not found", _NOT_FOUND
    titles = {
        HTTPStatus.FORBIDDEN: "Not allowed",
        HTTPStatus.METHOD_NOT_ALLOWED: "This does not work like that",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "This is too large",
        HTTPStatus.TOO_MANY_REQUESTS: "Too many tries",
        HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
        HTTPStatus.SERVICE_UNAVAILABLE: "This does not work at the moment",
    }
    try:
        title = titles.get(HTTPStatus(error.status), "This could not be done")
    except ValueError:
        title = "This could not be done"
    text = str(error.body["message"])
    if error.status == HTTPStatus.METHOD_NOT_ALLOWED:
        text = "Go back and use the buttons of the page."
    if (wait := error.headers.get("Retry-After", "")).isdecimal() and "again" not in text:
        text = f"{text} Try again in {_spoken(int(wait))}."
    return title, text


def _spoken(seconds: int) -> str:
    """A wait as people are told it, rounded up."""
    number, unit = (seconds, "second") if seconds < _MINUTE else (-(-seconds // _MINUTE), "minute")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
