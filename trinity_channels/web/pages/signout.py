"""Signing out, of one browser or of all."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from trinity_channels.access.sessions import Sessions
from trinity_channels.web.pages.cookies import SessionCookie
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.visit import Visit


class SignOutPages:
    """`/signout…`."""

    def __init__(self, sessions: Sessions, cookie: SessionCookie) -> None:
        self._sessions = sessions
        self._cookie = cookie

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [
            Page("/signout", self._sign_out, "POST"),
            Page("/signout/everywhere", self._sign_out_everywhere, "POST"),
        ]

    async def _sign_out(self, visit: Visit) -> Response:
        assert visit.entry is not None  # noqa: S101  this page is not public
        if visit.entry.session is None:  # the surrounding application has signed this browser in
            return visit.redirect("/agents")
        await self._sessions.end(visit.entry.session)
        return self._left(visit, "You are signed out.")

    async def _sign_out_everywhere(self, visit: Visit) -> Response:
        await self._sessions.end_all(visit.principal)
        return self._left(visit, "You are signed out in every browser.")

    def _left(self, visit: Visit, said: str) -> Response:
        response = visit.redirect("/signin", said)
        self._cookie.drop(visit.request, response)
        # So that the button "back" shows nothing of what was there.
        response.headers["Clear-Site-Data"] = '"cache"'
        return response
