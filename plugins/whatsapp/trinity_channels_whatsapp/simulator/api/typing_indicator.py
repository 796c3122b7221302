"""Typing indicators, which also mark what the person wrote as read.

https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trinity_channels_whatsapp.simulator.accounts import Account
from trinity_channels_whatsapp.simulator.api.access import Access, read_form, read_json
from trinity_channels_whatsapp.simulator.network import Network
from trinity_channels_whatsapp.simulator.problems import Problem


class TypingApi:
    """Version 2 takes a form, version 3 JSON."""

    def __init__(self, network: Network, access: Access) -> None:
        self._network = network
        self._access = access

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/v2/Indicators/Typing.json", self._from_form, methods=["POST"]),
            Route("/v3/Indicators/Typing.json", self._from_json, methods=["POST"]),
        ]

    async def _from_form(self, request: Request) -> Response:
        account, form = self._access.account(request), await read_form(request)
        return self._show(account, form.get("channel", [""])[0], form.get("messageId", [""])[0])

    async def _from_json(self, request: Request) -> Response:
        account, body = self._access.account(request), await read_json(request)
        return self._show(account, str(body.get("channel", "")).lower(), str(body.get("messageId", "")))

    def _show(self, account: Account, channel: str, sid: str) -> Response:
        if channel != "whatsapp":
            raise Problem(20001, "channel")
        message = account.messages.get(sid)
        # The sign hangs on a message from a person: it shows to that person that it is being answered.
        if message is None or message.outbound:
            raise Problem(20404, sid)
        self._network.typed.append(sid)
        if (phone := self._network.people.find(account, message.from_)) is not None:
            phone.show_typing()
            phone.mark_read(message)
        return JSONResponse({"success": True})
