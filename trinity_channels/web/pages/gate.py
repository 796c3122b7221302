"""Who may see the pages of a host that runs alone: people with sessions of ours."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from trinity_channels.access.sessions import Sessions
from trinity_channels.web.auth import TokenAuthenticator
from trinity_channels.web.pages.cookies import SessionCookie
from trinity_channels.web.pages.visit import Entry, Visit


class Gate(Protocol):
    """Decides it."""

    async def enter(self, request: Request, *, uses: bool) -> Entry | None:
        """Who asks, None if unknown. `uses`: a person does something; a page that is left open does not."""

    def refuse(self, visit: Visit) -> Response:
        """The answer to an unknown one."""


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

    def refuse(self, visit: Visit) -> Response:
        """Lead to the sign-in page, and from there back here."""
        request = visit.request
        target = visit.url("/signin")
        # A form or a part of a page cannot be opened again by its address.
        if request.method == "GET" and not visit.is_part:
            here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            target += f"?next={quote(here, safe='/')}"
        if visit.is_part:  # a part of a page was asked for; the whole page is to go there
            return Response(status_code=401, headers={"HX-Redirect": target})
        return RedirectResponse(target, 303)
