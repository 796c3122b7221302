"""Signing in to pages within an application whose browsers send it no session: with a token that its API takes."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from trinity_channels.access.sessions import Sessions
from trinity_channels.access.tokens import token_digest
from trinity_channels.crypto.vault import Vault, VaultError
from trinity_channels.principal import Principal, Role
from trinity_channels.web.auth import Authenticator
from trinity_channels.web.failed_auth import FailedAuth
from trinity_channels.web.pages.cookies import SessionCookie
from trinity_channels.web.pages.cross_origin import SAFE_METHODS
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.place import safe_path
from trinity_channels.web.pages.visit import Entry, Visit

LONGEST = 2048
"""Characters of a token: encrypted, it has to fit into a cookie of 4096 bytes."""
_PURPOSE = "application token"


class ApplicationTokens:
    """The application's tokens in the cookies of browsers, encrypted; the database has no copy.

    The application is asked about the token with each request, so that one that is revoked closes its sessions at once.
    """

    def __init__(self, authenticator: Authenticator, sessions: Sessions, vault: Vault, cookie: SessionCookie) -> None:
        self._authenticator = authenticator
        self._sessions = sessions
        self._vault = vault
        self._cookie = cookie

    async def holder(self, request: Request, token: str) -> Principal | None:
        """Who holds a token, as if the request had brought it; None if the application does not take it."""
        if not token or len(token) > LONGEST or not token.isascii() or not token.isprintable():
            return None
        others = [(name, value) for name, value in request.scope["headers"] if name != b"authorization"]
        headers = [*others, (b"authorization", f"Bearer {token}".encode())]
        state = {**request.scope.get("state", {})}  # the application may keep there what its authenticator needs
        return await self._authenticator.principal(Request({**request.scope, "headers": headers, "state": state}))

    async def find(self, request: Request, *, uses: bool) -> Entry | None:
        """Who is signed in in the browser that sends a request."""
        session, _, record = (self._cookie.read(request) or "").partition(".")
        found = await self._sessions.find(session, uses=uses) if record else None
        if found is None:
            return None
        try:
            token = self._vault.open(record, context=(_PURPOSE, token_digest(session)))
        except VaultError:  # of a key that is no longer known, or changed
            return None
        return Entry(found.principal, found) if await self.holder(request, token) == found.principal else None

    async def open(self, request: Request, response: Response, principal: Principal, token: str) -> None:
        """Begin a session."""
        session = await self._sessions.open(principal, credential=token_digest(token), via="token")
        record = self._vault.seal(token, context=(_PURPOSE, token_digest(session)))
        self._cookie.set(request, response, f"{session}.{record}")


class ApplicationGate:
    """People whom the surrounding application knows: by what their browser sends, or by a token that they entered here."""

    def __init__(self, authenticator: Authenticator, tokens: ApplicationTokens) -> None:
        self._authenticator = authenticator
        self._tokens = tokens

    async def enter(self, request: Request, *, uses: bool) -> Entry | None:
        principal = await self._authenticator.principal(request)
        return await self._tokens.find(request, uses=uses) if principal is None else Entry(principal)

    def refuse(self, visit: Visit, place: str) -> Response:
        """Say that signing in is the application's, and offer to enter a token; then the page opens."""
        if visit.is_part:  # the page stays as it is, and says so when it is loaded again
            return Response(status_code=401, headers={"HX-Reswap": "none"})
        return _asked(visit, 401, place, "")


class ApplicationSignInPages:
    """`/signin` and `/signin/token` within an application."""

    def __init__(self, tokens: ApplicationTokens, sessions: Sessions, failed: FailedAuth) -> None:
        self._tokens = tokens
        self._sessions = sessions
        self._failed = failed

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [Page("/signin", self._form, public=True), Page("/signin/token", self._token, "POST", public=True)]

    async def _form(self, visit: Visit) -> Response:
        if visit.entry is not None:
            return visit.redirect("/agents")
        return _asked(visit, 200, "", "")

    async def _token(self, visit: Visit) -> Response:
        form = await visit.form()
        target, token = form.text("next"), form.text("token")
        principal = await self._tokens.holder(visit.request, token)
        if principal is None:
            # Counted together with wrong tokens of the API: it is the same secret that is guessed.
            wait = self._failed.note(visit.request, "unknown") if token else None
            if wait is not None:
                problem = f"Too many wrong tokens came from your address. Try again in {wait} seconds."
                return _asked(visit, 429, target, problem)
            problem = "The application does not take this token. It may have expired or been revoked."
            return _asked(visit, 401, target, problem)
        if principal.role is Role.AGENT:
            problem = "This is an agent's own key, which opens no pages. Use a personal token."
            return _asked(visit, 403, target, problem)
        if visit.entry is not None and visit.entry.session is not None:
            await self._sessions.end(visit.entry.session)
        response = visit.redirect(safe_path(visit, target))
        await self._tokens.open(visit.request, response, principal, token)
        return response


def _asked(visit: Visit, status: int, target: str, problem: str) -> Response:
    # The form that was to be stored, not the one of this page.
    lost = visit.request.method not in SAFE_METHODS and not problem
    return visit.render("signin_application.html", status, target=target, problem=problem, lost=lost)
