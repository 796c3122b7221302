"""Signing in to a host that runs alone."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from starlette.responses import Response

from trinity_channels.access.sessions import Sessions
from trinity_channels.access.sign_in_links import SignInLinks, TooManyLinks
from trinity_channels.access.tokens import token_digest
from trinity_channels.email_address import normalise_email
from trinity_channels.principal import Principal, Role
from trinity_channels.web.auth import TokenAuthenticator
from trinity_channels.web.failed_auth import FailedAuth, source_of
from trinity_channels.web.local import came_through_a_proxy
from trinity_channels.web.pages.cookies import SessionCookie
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.place import LinkPlace, safe_path
from trinity_channels.web.pages.visit import Visit

_LINK = "/signin/link/{token}"
_LONGEST_PLACE = 500
"""Characters of an address that a mailed link leads to."""


class SignInPages:
    """`/signin…`."""

    def __init__(
        self,
        sessions: Sessions,
        links: SignInLinks,
        tokens: TokenAuthenticator,
        failed: FailedAuth,
        cookie: SessionCookie,
        place: LinkPlace,
    ) -> None:
        self._sessions = sessions
        self._links = links
        self._tokens = tokens
        self._failed = failed
        self._cookie = cookie
        self._place = place

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [
            Page("/signin", self._form, public=True),
            Page("/signin/mail", self._mail, "POST", public=True),
            Page("/signin/token", self._token, "POST", public=True),
            Page(_LINK, self._look, public=True),
            Page(_LINK, self._redeem, "POST", public=True),
        ]

    async def _form(self, visit: Visit) -> Response:
        if visit.entry is not None:
            return visit.redirect("/agents")
        asked = visit.request.query_params
        return self._asked(visit, target=asked.get("next", ""), ended=asked.get("ended", ""))

    def _asked(
        self, visit: Visit, status: int = 200, *, target: str = "", email: str = "", **problems: str
    ) -> Response:
        """The form, with what is wrong with what was entered: `email_problem`, `token_problem`.

        `ended` is "page" or "form" if a session had ended when one was asked for or sent.
        """
        # Without a known address a mail could only lead where the sender of this request wants it.
        can_mail = self._links.can_mail and self._place.base(visit) is not None
        values = {"email_problem": "", "token_problem": "", "ended": "", **problems}
        return visit.render("signin.html", status, can_mail=can_mail, target=target, email=email, **values)

    # --- by mail ---

    async def _mail(self, visit: Visit) -> Response:
        form = await visit.form()
        given, target = form.text("email"), form.text("next")
        base = self._place.base(visit)
        if not self._links.can_mail or base is None:
            return self._asked(visit, 409, target=target, email_problem="Mail is not set up on this host.")
        try:
            email = normalise_email(given)
        except ValueError:
            problem = "Enter an e-mail address such as ines@example.org."
            return self._asked(visit, 422, target=target, email=given, email_problem=problem)
        try:
            await self._links.ask(
                email,
                source_of(visit.request),
                lambda token: f"{base}/signin/link/{quote(token)}{_after(visit, target)}",
                shared=came_through_a_proxy(visit.request),
            )
        except TooManyLinks as refused:
            return self._asked(visit, 429, target=target, email=given, email_problem=refused.message)
        # The same answer whether or not this is an owner's address: strangers must not find out.
        return visit.render("signin_mailed.html", email=email)

    async def _look(self, visit: Visit) -> Response:
        """Mail programs open links to look at them, so opening one only asks."""
        email = await self._links.look(visit.request.path_params["token"])
        return self._used_up(visit) if email is None else visit.render("signin_link.html", email=email)

    async def _redeem(self, visit: Visit) -> Response:
        principal = await self._links.redeem(visit.request.path_params["token"])
        if principal is None:
            return self._used_up(visit)
        wanted = visit.url(visit.request.query_params.get("next", ""))
        return await self._enter(visit, principal, "mailed link", safe_path(visit, wanted))

    def _used_up(self, visit: Visit) -> Response:
        return visit.render("signin_used_up.html", 410)

    # --- with a token ---

    async def _token(self, visit: Visit) -> Response:
        form = await visit.form()
        target, token = form.text("next"), form.text("token")
        digest = token_digest(token)
        principal = await self._tokens.holder(digest) if token else None
        if principal is None:
            # Counted together with wrong tokens of the API: it is the same secret that is guessed.
            wait = self._failed.note(visit.request, "unknown") if token else None
            if wait is not None:
                problem = f"Too many wrong tokens came from your address. Try again in {wait} seconds."
                return self._asked(visit, 429, target=target, token_problem=problem)
            problem = "This token is not valid here. It may have expired or been revoked."
            return self._asked(visit, 401, target=target, token_problem=problem)
        # It is valid, so it may be told apart from a wrong one.
        if principal.role is Role.AGENT:
            problem = "This is an agent's own key, which opens no pages. Use an admin or a personal token."
            return self._asked(visit, 403, target=target, token_problem=problem)
        return await self._enter(visit, principal, "token", safe_path(visit, target), digest)

    async def _enter(self, visit: Visit, principal: Principal, via: str, path: str, credential: str = "") -> Response:
        """Sign in. A browser that was signed in before, perhaps as someone else, starts with a new session."""
        if visit.entry is not None and visit.entry.session is not None:
            await self._sessions.end(visit.entry.session)
        value = await self._sessions.open(principal, credential=credential, via=via)
        response = visit.redirect(path)
        self._cookie.set(visit.request, response, value)
        return response


def _after(visit: Visit, target: str) -> str:
    """What a mailed link says about the page to open, below the place of the pages; nothing if it is the first one."""
    path = safe_path(visit, target)
    return "" if path == "/agents" or len(path) > _LONGEST_PLACE else f"?next={quote(path)}"
