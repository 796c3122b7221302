"""Who may see the pages of a host that runs alone: people with sessions of ours."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from trinity_channels.access.sessions import Sessions
from trinity_channels.web.auth import TokenAuthenticator
from trinity_channels.web.pages.cookies import SessionCookie
from trinity_channels.web.pages.cross_origin import SAFE_METHODS
from trinity_channels.web.pages.visit import Entry, Visit


class Gate(Protocol):
    """Decides it."""

    async def enter(self, request: Request, *, uses: bool) -> Entry | None:
        """Who asks, None if unknown. `uses`: a person does something; a page that is left open does not."""

    def refuse(self, visit: Visit, place: str) -> Response:
        """The answer to an unknown one. `place`: the address of the page where they were, empty if it is not known."""


class SessionGate:
    """People who signed in here. A session that a token opened ends with that token."""

    def __init__(self, sessions: Sessions, tokens: TokenAuthenticator, cookie: SessionCookie) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._cookie = cookie

    async def enter(self, request: Request, *, uses: bool) -> Entry | None:
        value = self._cookie.read(request)
        session = await self._sessions.find(value, uses=uses) if value else None
        if session is None:
            return None
        # Asked with each request: a token that is revoked closes its sessions at once.
        if session.credential and await self._tokens.holder(session.credential) != session.principal:
            return None
        return Entry(session.principal, session)

    def refuse(self, visit: Visit, place: str) -> Response:
        """Lead to the sign-in page, and from there back to the page where they were."""
        request = visit.request
        asked = {"next": place} if place else {}
        if self._cookie.read(request):  # signed in before, and not signed out
            asked["ended"] = "page" if request.method in SAFE_METHODS else "form"
        target = visit.url("/signin") + (f"?{urlencode(asked, safe='/', quote_via=quote)}" if asked else "")
        if visit.is_part:  # a part of a page was asked for; the whole page is to go there
            return Response(status_code=401, headers={"HX-Redirect": target})
        return RedirectResponse(target, 303)
