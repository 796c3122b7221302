"""Who asks, whether they may, and what form they sent."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from trinity_channels.simulation import NotAnObject, form_fields, is_json, json_object
from trinity_channels_whatsapp.simulator.accounts import Account, Accounts, Principal
from trinity_channels_whatsapp.simulator.problems import Problem


class Access:
    """Opens an account's resources to those with its credentials."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def principal(self, request: Request) -> Principal:
        """Who the credentials belong to; raises 20003, or 20404 if the path names another account."""
        principal = self._accounts.authenticate(request.headers.get("authorization", ""))
        # Twilio does not say that another account exists: it is as unknown as one that does not.
        if request.path_params.get("account", principal.account.sid) != principal.account.sid:
            raise Problem(20404, request.url.path)
        return principal

    def account(self, request: Request) -> Account:
        """The active account that asks; a suspended one is refused like wrong credentials."""
        account = self.principal(request).account
        # As Twilio answers it: the credentials of a suspended account open nothing.
        if account.status != "active":
            raise Problem(20003)
        return account


async def read_form(request: Request) -> dict[str, list[str]]:
    """The posted fields, blank ones too: `Body=` redacts."""
    fields: dict[str, list[str]] = {}
    for name, value in form_fields(await request.body()):
        fields.setdefault(name, []).append(value)
    return fields


async def read_json(request: Request) -> dict[str, Any]:
    """The posted object; some of Twilio's newer APIs take nothing else."""
    if not is_json(request):
        raise Problem(20001, "the Content-Type must be application/json")
    try:
        return json_object(await request.body())
    except NotAnObject as wrong:
        raise Problem(20001, "the body is not a JSON object" if wrong.is_json else "the body is not JSON") from None
