"""Making a token, which is shown this once, and revoking one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from starlette.responses import Response

from trinity_channels.access.tokens import NewToken, TokenNotFound, TokenRefused, Tokens, label_problem
from trinity_channels.principal import Role
from trinity_channels.web.pages.form import row_id
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.visit import Visit

_LIST = "/settings#tokens"
_LASTS = {"30": "30 days", "90": "90 days", "365": "one year", "": "until it is revoked"}
"""How long a token may be valid: days, and how the form says it."""
_DEFAULT = "90"
_ROLES = {
    Role.USER: ("For an owner", "Sees and manages the agents of one e-mail address."),
    Role.AGENT: (
        "For an agent",
        "The agent's own key: it may write first to people and see what became of those messages. Opens no pages.",
    ),
    Role.ADMIN: ("For an administrator", "May do everything on this host."),
}


class TokenPages:
    """`/settings/tokens…`."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [
            Page("/settings/tokens", self._to_list),
            Page("/settings/tokens", self._make, "POST"),
            Page("/settings/tokens/new", self._ask),
            Page("/settings/tokens/{token}/revoke", self._ask_to_revoke),
            Page("/settings/tokens/{token}/revoke", self._revoke, "POST"),
        ]

    async def _to_list(self, visit: Visit) -> Response:
        return visit.redirect(_LIST)

    # --- make ---

    async def _ask(self, visit: Visit) -> Response:
        # Asked for only by those who may make one.
        await self._tokens.every(visit.principal)
        return _form(visit)

    async def _make(self, visit: Visit) -> Response:
        form = await visit.form()
        role, days = form.text("role"), form.text("days")
        given = {"role": role, "subject": form.text("subject"), "label": form.text("label"), "days": days}
        if role not in set(Role):
            problems = {"role": "Choose who the token is for.", "label": label_problem(given["label"])}
            return _form(visit, 422, given, problems)
        lasts = timedelta(days=int(days)) if days in _LASTS and days else None
        wanted = NewToken(Role(role), given["subject"], given["label"], visit.now + lasts if lasts else None)
        try:
            stored, token = await self._tokens.create(visit.principal, wanted)
        except TokenRefused as refused:
            return _form(visit, 422, given, refused.problems)
        # Not after a redirect: it would have to be kept somewhere in between.
        return visit.render("settings_token_made.html", token=token, stored=stored)

    # --- revoke ---

    async def _ask_to_revoke(self, visit: Visit) -> Response:
        number = row_id(visit.request.path_params["token"])
        every = await self._tokens.every(visit.principal)
        found = next((one for one in every if one.id == number), None)
        if found is None:
            raise TokenNotFound
        return visit.render("settings_token_revoke.html", token=found)

    async def _revoke(self, visit: Visit) -> Response:
        revoked = await self._tokens.revoke(visit.principal, row_id(visit.request.path_params["token"]))
        return visit.redirect(_LIST, f"{revoked.label or 'The token'} is revoked.")


def _form(
    visit: Visit, status: int = 200, given: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None
) -> Response:
    values = {"role": "", "subject": "", "label": "", "days": _DEFAULT, **(given or {})}
    told = {"role": "", "subject": "", "label": "", **(problems or {})}
    return visit.render("settings_token_new.html", status, given=values, problems=told, roles=_ROLES, lasts=_LASTS)
