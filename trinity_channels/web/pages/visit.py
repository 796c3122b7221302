"""One request to a page: who asks, what they sent, and how to answer."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import quote, urlsplit

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from trinity_channels import forwarded
from trinity_channels.access.sessions import Session
from trinity_channels.assets import accepts_gzip, asset
from trinity_channels.principal import Principal, Role
from trinity_channels.web.languages import languages
from trinity_channels.web.pages import times
from trinity_channels.web.pages.cookies import SAID, Said, theme_of
from trinity_channels.web.pages.curl import curl
from trinity_channels.web.pages.form import Form, read_form
from trinity_channels.web.pages.https import Https
from trinity_channels.web.pages.menu import Listed
from trinity_channels.web.pages.render import Templates
from trinity_channels.web.pages.words import named

_TIME = re.compile(r"(<time[^>]*>)[^<]*")
_PARTIAL = re.compile(r"</?hx-partial[^>]*>")
_COMPRESSED_FROM = 1024
"""Bytes of a page from which it is compressed."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What every visit needs. `prefix` is the path that the pages are below."""

    templates: Templates
    said: Said
    https: Https
    prefix: str
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Entry:
    """Who asks. `session` is None where the surrounding application has decided."""

    principal: Principal
    session: Session | None = None


class Visit:
    """What a page's handler gets, and what its template knows as `page`."""

    def __init__(self, request: Request, desk: Desk, entry: Entry | None, menu: Sequence[Listed]) -> None:
        self.request = request
        self.entry = entry
        self.theme = theme_of(request)
        self._desk = desk
        self._menu = menu
        self._root: str = request.scope.get("root_path", "")

    @property
    def principal(self) -> Principal:
        """Who asks; only pages that are not public may use it."""
        assert self.entry is not None  # noqa: S101  the site lets no one else in
        return self.entry.principal

    @property
    def who(self) -> str:
        """How the page names who is signed in."""
        named = {Role.ADMIN: "Administrator", Role.USER: "", Role.AGENT: "Agent"}[self.principal.role]
        return " ".join(part for part in (named, self.principal.subject) if part)

    @property
    def is_part(self) -> bool:
        """Whether htmx asks, for a part of a page."""
        return "HX-Request" in self.request.headers

    @property
    def is_admin(self) -> bool:
        """Whether an administrator asks."""
        return self.principal.role is Role.ADMIN

    @property
    def languages(self) -> Sequence[str]:
        """The languages in which the reader wants the texts of plugins."""
        return languages(self.request.headers.get("accept-language", ""))

    @property
    def host(self) -> str:
        """The name of this host, as the browser knows it."""
        return forwarded.host(self.request) or self.request.url.netloc

    @property
    def here(self) -> str:
        """The address of this page, for coming back to it."""
        url = self.request.url
        return f"{url.path}?{url.query}" if url.query else url.path

    @property
    def came_from(self) -> str:
        """The address of the page that the browser came from; empty if it was none of ours."""
        try:
            before = urlsplit(self.request.headers.get("referer", ""))
        except ValueError:
            return ""
        address = f"{before.path}?{before.query}" if before.query else before.path
        # `//host` and `/\host` lead to another host in browsers.
        ours = (
            before.netloc.lower() == self.host.lower() and address.startswith(self.url("/")) and address.isprintable()
        )
        return address if ours and address[1:2] not in ("/", "\\") else ""

    @property
    def back(self) -> str:
        """The same for a link; empty if it was this page."""
        return self.came_from if self.came_from != self.here else ""

    @property
    def menu(self) -> Sequence[Listed]:
        """The pages of the main navigation that this person may see."""
        return [one for one in self._menu if one.menu is not None and (self.is_admin or not one.menu.admin)]

    @property
    def said(self) -> str:
        """The sentence that the last form left for this page."""
        return self._desk.said.read(self.request)

    @property
    def now(self) -> datetime:
        """The present; a live part is made again and again."""
        return self._desk.now()

    # --- addresses ---

    def url(self, path: str) -> str:
        """The address of a page, such as "/agents", below wherever the pages are."""
        return f"{self._root}{path}"

    def agent_url(self, agent: str, rest: str = "") -> str:
        """The address of a page of one agent."""
        return self.url(self.agent_path(agent, rest))

    @staticmethod
    def agent_path(agent: str, rest: str = "") -> str:
        """The path of such a page, for `redirect` and `url`."""
        return f"/agents/{quote(agent, safe='')}{rest}"

    def asset(self, name: str) -> str:
        """The address of a file that pages load."""
        return self.url(f"/assets/{asset(name).path}")

    def live(self, path: str, part: str) -> str:
        """The address of the stream that keeps a part of a page up to date, of which the page already has `part`."""
        return f"{self.url(path)}{'&' if '?' in path else '?'}seen={version_of(part)}"

    def curl(self, method: str, path: str, body: Mapping[str, object] | None = None) -> str:
        """The call of the API that does the same; `path` begins with /api and is quoted already."""
        return curl(method, f"{self._beside}{path}", body)

    @cached_property
    def _beside(self) -> str:
        """Where the API is, as the browser knows it: not below the pages, but beside them."""
        scheme = "https" if self._desk.https.used(self.request) else "http"
        return f"{scheme}://{self.host}{self._root.removesuffix(self._desk.prefix)}"

    # --- words ---

    def ago(self, at: datetime) -> Markup:
        """How long ago something was."""
        return times.ago(at, self.now)

    def exact(self, at: datetime) -> Markup:
        """When something was."""
        return times.exact(at)

    def within(self, text: str) -> Markup:
        """A text of the host with the times in it as `exact` has them, and the settings as pages name them."""
        return times.within(named(text))

    # --- in and out ---

    async def form(self) -> Form:
        """What the form sent."""
        return await read_form(self.request)

    def render(self, template: str, status: int = 200, **values: object) -> Response:
        """Answer with a page or a part of one. Templates know the visit as `page`."""
        html = self.part(template, **values).encode()
        if len(html) >= _COMPRESSED_FROM and accepts_gzip(self.request):
            headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            response: Response = HTMLResponse(gzip.compress(html, 5), status, headers=headers)
        else:
            response = HTMLResponse(html, status)
        # Shown once; a part that is loaded by itself does not show it.
        if SAID in self.request.cookies and not self.is_part:
            response.delete_cookie(SAID, path="/", httponly=True, samesite="strict")
        return response

    def part(self, template: str, **values: object) -> str:
        """A part of a page, as HTML."""
        return self._desk.templates.render(template, {"page": self, **values})

    def redirect(self, path: str, said: str = "") -> Response:
        """Answer a form: the browser goes on to a page of ours, which shows the sentence `said`."""
        response = RedirectResponse(self.url(path), 303)
        if said:
            self._desk.said.set(response, said)
        return response


def version_of(part: str) -> str:
    """Changes with what a part of a page says; not with blanks, and not while only the words of times change."""
    # Else "3 minutes ago" would send the part again every minute; the script keeps such words up to date.
    # A stream sends several parts in one, of which all but the first say where they belong.
    # A plain text: of what a template has put together, a pattern would escape every piece.
    words = _PARTIAL.sub("", _TIME.sub(r"\1", str(part))).split()
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]
