"""The demo's own pages, the phones beside what the owner sees, and the mailbox; and the same as a small API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx
from jinja2 import Environment
from markupsafe import escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from trinity_channels import assets
from trinity_channels.api import Channel
from trinity_channels.cli.demo.guide import steps
from trinity_channels.cli.demo.owner import Owner
from trinity_channels.cli.demo.signed_in import SignedIn
from trinity_channels.cli.errors import CommandFailed
from trinity_channels.mail.captured import CapturedMailer
from trinity_channels.mail.port import Mail
from trinity_channels.simulation.live import live
from trinity_channels.simulation.posted import Refused, is_form, posted
from trinity_channels.simulation.rendering import environment, icons, loaded

FOLDER = Path(__file__).parent / "page"
FILES = {"demo.css": "text/css", "icon.svg": "image/svg+xml"}
EVERY = 1.0
"""Seconds between two looks at the host's API."""
WRITTEN_FIRST = "Good morning! The report that you asked for is ready."
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class View:
    """What the templates draw. `approved` are requests of the API, each with the `title` of its channel."""

    approved: Sequence[Mapping[str, Any]] = ()
    written: Mapping[str, Any] | None = None
    mails: Sequence[Mail] = ()


class DemoPages:
    """The pages. The simulators are mounted on the same origin, so that the page may show them in frames."""

    def __init__(self, owner: Owner, mails: CapturedMailer, channels: Sequence[Channel], signed_in: SignedIn) -> None:
        self._owner = owner
        self._mails = mails
        self._channels = channels
        self._signed_in = signed_in
        self._written = ""
        self._seen = View()
        self._look_again = 0.0

    def mailbox(self) -> Sequence[Mail]:
        """Every mail that the host has sent, oldest first."""
        return self._mails.mails

    def routes(self) -> list[Route]:
        """Where they answer."""
        return [
            Route("/", self._demo),
            Route("/mailbox", self._mailbox),
            Route("/mailbox/live", self._mailbox_live),
            Route("/mailbox.json", self._mailbox_json),
            Route("/page/{file}", _file),
            Route("/assets/{version}/{name}", assets.serve),
            Route("/people/{request_id:int}/write-first", self._changed(self._write_first), methods=["POST"]),
            Route("/messages/{message}", self._message),
        ]

    async def _demo(self, request: Request) -> Response:
        shown = next((one for one in self._channels if one.name == request.query_params.get("channel")), None)
        shown = shown or self._channels[0]
        drawn = _drawn(
            request,
            "demo.html",
            View(),
            {"frame-src": f"'self' {self._signed_in.origin(request)}"},
            channels=self._channels,
            shown=shown,
            steps=steps(shown),
            host=self._signed_in.origin(request),
            agent=self._owner.agent,
        )
        # Before the frame is loaded, which then opens signed in.
        await self._signed_in.keep(request, drawn)
        return drawn

    async def beside(self, stream: bool) -> Mapping[str, str]:
        """What stands beside each phone and comes from the host, of which it is as much as a second old."""
        if monotonic() >= self._look_again:
            self._look_again = monotonic() + EVERY
            # While the host does not answer it stays as it is, so that the phone goes on.
            with suppress(CommandFailed, httpx.HTTPError):
                self._seen = await self._view()
        return _parts(self._seen, "first", oob=stream)

    async def _mailbox(self, request: Request) -> Response:
        return _drawn(request, "mailbox.html", self._letters(), {})

    async def _mailbox_live(self, _: Request) -> Response:
        async def letters() -> Mapping[str, str]:
            return _parts(self._letters(), "mails", oob=True)

        return live(letters, HEADERS)

    async def _view(self) -> View:
        written = await self._owner.message(self._written) if self._written else None
        titles = {one.name: one.title for one in self._channels}
        approved = await self._owner.requests("approved")
        return View([{**one, "title": titles.get(one["channel"], one["channel"])} for one in approved], written)

    def _letters(self) -> View:
        return View(mails=tuple(reversed(self._mails.mails)))

    # --- the API ---

    async def _mailbox_json(self, _: Request) -> Response:
        found = [{"to": mail.to, "subject": mail.subject, "text": mail.text} for mail in reversed(self._mails.mails)]
        return JSONResponse({"mails": found})

    async def _message(self, request: Request) -> Response:
        return JSONResponse(await self._owner.message(request.path_params["message"]))

    def _changed(self, change: Callable[[int], Awaitable[dict[str, str]]]) -> Callable[[Request], Awaitable[Response]]:
        """Answer JSON with JSON, and a form with the page or, to its script, with what went wrong."""

        async def answer(request: Request) -> Response:
            problem, status, answered = "", HTTPStatus.OK, {}
            try:
                await posted(request)  # refuses what another site sends
                answered = await change(request.path_params["request_id"])
            except Refused as refused:
                problem, status = str(refused), HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            except CommandFailed as failed:
                problem, status = str(failed), HTTPStatus.BAD_GATEWAY
            if "hx-request" in request.headers:
                return HTMLResponse(escape(problem), status, headers=HEADERS)
            if is_form(request) and not problem:
                return RedirectResponse(_back(request), HTTPStatus.SEE_OTHER, headers=HEADERS)
            return JSONResponse({"message": problem} if problem else answered, status)

        return answer

    async def _write_first(self, request_id: int) -> dict[str, str]:
        approved = await self._owner.requests("approved")
        found = next((one for one in approved if one["id"] == request_id), None)
        if found is None:
            raise HTTPException(404)
        await self._owner.allow_proactive(found["email"])
        self._written = await self._owner.send(found["email"], found["channel"], WRITTEN_FIRST)
        self._look_again = 0.0
        return {"message": self._written}


def _drawn(request: Request, template: str, view: View, policy: Mapping[str, str], **more: Any) -> Response:
    given = _common(view) | more | loaded(request, "/") | {"icon": "/page/icon.svg"}
    given["sheets"].append("/page/demo.css")
    html = _environment().get_template(template).render(given)
    directives = "; ".join(f"{name} {value}" for name, value in policy.items())
    return HTMLResponse(html, headers=HEADERS | {"Content-Security-Policy": f"{POLICY}; {directives}".rstrip("; ")})


def _parts(view: View, *names: str, oob: bool) -> dict[str, str]:
    macros: Any = _environment().get_template("parts.html").make_module(_common(view))
    return {name: str(getattr(macros, name)(view, oob=oob)) for name in names}


def _common(view: View) -> dict[str, Any]:
    return {"view": view, "icons": icons("/")}


def _back(request: Request) -> str:
    """The page that a form was sent from: a phone, which stands in a frame."""
    came = urlsplit(request.headers.get("referer", ""))
    is_ours = came.netloc == request.url.netloc and came.path.startswith("/") and not came.path.startswith("//")
    return f"{came.path}?{came.query}" if is_ours else "/"


async def _file(request: Request) -> Response:
    name = request.path_params["file"]
    # A list of what may be read, in place of a check of the path.
    if name not in FILES:
        raise HTTPException(404)
    return FileResponse(FOLDER / name, media_type=FILES[name], headers=HEADERS)


@cache
def _environment() -> Environment:
    return environment(Path(__file__).parent / "templates")
