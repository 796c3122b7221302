"""Files of messages: metadata with the account's credentials, bytes from a second host without them.

https://www.twilio.com/docs/messaging/api/media-resource
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from trinity_channels_whatsapp.simulator.accounts import Account
from trinity_channels_whatsapp.simulator.api.access import Access
from trinity_channels_whatsapp.simulator.api.listing import classic, cut, rfc2822
from trinity_channels_whatsapp.simulator.messages import Medium, Message
from trinity_channels_whatsapp.simulator.network import Network
from trinity_channels_whatsapp.simulator.problems import Problem

TWO_CREDENTIALS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InvalidArgument</Code>'
    "<Message>Only one auth mechanism allowed</Message></Error>"
)


class MediaApi:
    """`/2010-04-01/Accounts/{AC}/Messages/{MM}/Media` and the host that its redirects lead to."""

    def __init__(self, network: Network, access: Access) -> None:
        self._network = network
        self._access = access

    def routes(self) -> list[Route]:
        """Where it answers."""
        media = "/2010-04-01/Accounts/{account}/Messages/{message}/Media"
        return [
            Route(f"{media}.json", self._list, methods=["GET"]),
            Route(f"{media}/{{medium}}.json", self._metadata, methods=["GET"]),
            Route(f"{media}/{{medium}}.json", self._delete, methods=["DELETE"]),
            Route(f"{media}/{{medium}}", self._redirect, methods=["GET"]),
            Route(f"{media}/{{medium}}", self._delete, methods=["DELETE"]),
            Route("/cdn/{account}/{message}/{medium}/{key}", self._bytes, methods=["GET"]),
        ]

    async def _list(self, request: Request) -> Response:
        account = self._access.account(request)
        message = _message(account, request)
        found = ((medium.sid, _render(account, message, medium)) for medium in message.media)
        return JSONResponse(classic(request, cut(request, found), "media_list", request.url.path))

    async def _metadata(self, request: Request) -> Response:
        account = self._access.account(request)
        message = _message(account, request)
        return JSONResponse(_render(account, message, _medium(message, request)))

    async def _redirect(self, request: Request) -> Response:
        account = self._access.account(request)
        message = _message(account, request)
        medium = _medium(message, request)
        # Right after the webhook a file is sometimes not there yet: https://github.com/chatwoot/chatwoot/pull/15499
        if medium.misses:
            medium.misses -= 1
            raise Problem(20404, request.url.path)
        # A file that an account sent lies where it said, and is never copied.
        if medium.source:
            return RedirectResponse(medium.source, 307)
        host = self._network.behaviour.cdn_base_url or self._network.base_url
        return RedirectResponse(f"{host}/cdn/{account.sid}/{message.sid}/{medium.sid}/{medium.cdn_key}", 307)

    async def _delete(self, request: Request) -> Response:
        message = _message(self._access.account(request), request)
        message.media.remove(_medium(message, request))
        return Response(status_code=204)

    async def _bytes(self, request: Request) -> Response:
        # The store behind the redirect takes its signed address or an Authorization header, never both.
        if "authorization" in request.headers:
            return Response(TWO_CREDENTIALS, 400, media_type="application/xml")
        account = self._network.accounts.by_sid(request.path_params["account"])
        medium = _medium(_message(account, request), request) if account else None
        # The key in the address stands for the signature of the real store.
        if medium is None or medium.cdn_key != request.path_params["key"]:
            raise Problem(20404, request.url.path)
        return Response(medium.data, media_type=medium.content_type)


def _message(account: Account, request: Request) -> Message:
    message = account.messages.get(request.path_params["message"])
    if message is None:
        raise Problem(20404, request.url.path)
    return message


def _medium(message: Message, request: Request) -> Medium:
    for medium in message.media:
        if medium.sid == request.path_params["medium"]:
            return medium
    raise Problem(20404, request.url.path)


def _render(account: Account, message: Message, medium: Medium) -> dict[str, Any]:
    return {
        "account_sid": account.sid,
        "content_type": medium.content_type,
        "date_created": rfc2822(medium.created),
        "date_updated": rfc2822(medium.created),
        "parent_sid": message.sid,
        "sid": medium.sid,
        "uri": f"/2010-04-01/Accounts/{account.sid}/Messages/{message.sid}/Media/{medium.sid}.json",
    }
