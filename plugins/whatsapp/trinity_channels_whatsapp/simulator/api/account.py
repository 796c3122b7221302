"""The account itself, and the rotation of its token.

https://www.twilio.com/docs/iam/api/account · https://www.twilio.com/docs/iam/api/authtoken
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trinity_channels_whatsapp.simulator.accounts import Account
from trinity_channels_whatsapp.simulator.api.access import Access
from trinity_channels_whatsapp.simulator.api.listing import iso8601, rfc2822
from trinity_channels_whatsapp.simulator.network import Network
from trinity_channels_whatsapp.simulator.problems import Problem


class AccountApi:
    """What only an account's token may touch; a standard API key gets 20003."""

    def __init__(self, network: Network, access: Access) -> None:
        self._network = network
        self._access = access

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/2010-04-01/Accounts/{account}.json", self._fetch, methods=["GET"]),
            Route("/v1/AuthTokens/Secondary", self._create_secondary, methods=["POST"]),
            Route("/v1/AuthTokens/Secondary", self._delete_secondary, methods=["DELETE"]),
            Route("/v1/AuthTokens/Promote", self._promote, methods=["POST"]),
        ]

    def _owned(self, request: Request) -> Account:
        principal = self._access.principal(request)
        if principal.by_key:
            raise Problem(20003)
        return principal.account

    async def _fetch(self, request: Request) -> Response:
        """Also for a suspended account, which can still read that it is."""
        account = self._owned(request)
        uri = f"/2010-04-01/Accounts/{account.sid}"
        return JSONResponse(
            {
                "auth_token": account.token,  # in clear, as the real one does
                "date_created": rfc2822(account.created),
                "date_updated": rfc2822(account.created),
                "friendly_name": account.name,
                "owner_account_sid": account.sid,
                "sid": account.sid,
                "status": account.status,
                "subresource_uris": {"messages": f"{uri}/Messages.json"},
                "type": account.type,
                "uri": f"{uri}.json",
            }
        )

    async def _create_secondary(self, request: Request) -> Response:
        account = self._owned(request)
        account.secondary = self._network.accounts.new_token()
        return JSONResponse(self._token(account, "Secondary", "secondary_auth_token", account.secondary), 201)

    async def _delete_secondary(self, request: Request) -> Response:
        self._owned(request).secondary = None
        return Response(status_code=204)

    async def _promote(self, request: Request) -> Response:
        """From now on the new token signs and opens; the old one does neither."""
        account = self._owned(request)
        if account.secondary is None:
            raise Problem(20404, request.url.path)
        account.token, account.secondary = account.secondary, None
        return JSONResponse(self._token(account, "Promote", "auth_token", account.token))

    def _token(self, account: Account, path: str, key: str, token: str) -> dict[str, Any]:
        now = iso8601(self._network.clock())
        return {
            "account_sid": account.sid,
            key: token,
            "date_created": now,
            "date_updated": now,
            "url": f"{self._network.base_url}/v1/AuthTokens/{path}",
        }
