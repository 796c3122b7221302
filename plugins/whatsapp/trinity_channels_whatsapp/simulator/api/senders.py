"""WhatsApp senders and where they post. https://www.twilio.com/docs/whatsapp/api/senders."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trinity_channels_whatsapp.simulator.accounts import Sender, WebhookConfiguration
from trinity_channels_whatsapp.simulator.api.access import Access, read_json
from trinity_channels_whatsapp.simulator.api.listing import cut, modern
from trinity_channels_whatsapp.simulator.network import Network
from trinity_channels_whatsapp.simulator.problems import Problem

# Other lists have 50; this is Twilio's default for WhatsApp senders.
DEFAULT_PAGE = 20
# The console also offers GET, the API does not.
METHODS = frozenset({"POST", "PUT"})
NAMES = frozenset(field.name for field in fields(WebhookConfiguration))


class SendersApi:
    """`/v2/Channels/Senders`. The sandbox is not among them: its webhook is set in the console only."""

    def __init__(self, network: Network, access: Access) -> None:
        self._network = network
        self._access = access

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/v2/Channels/Senders", self._list, methods=["GET"]),
            Route("/v2/Channels/Senders/{sender}", self._fetch, methods=["GET"]),
            Route("/v2/Channels/Senders/{sender}", self._update, methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        account = self._access.account(request)
        if request.query_params.get("Channel") != "whatsapp":
            raise Problem(20001, "Channel")
        found = ((one.sid, self._render(one)) for one in account.senders.values() if not one.sandbox)
        page = cut(request, found, DEFAULT_PAGE)
        return JSONResponse(modern(request, page, "senders", f"{self._network.base_url}/v2/Channels/Senders"))

    async def _fetch(self, request: Request) -> Response:
        sender = self._sender(request)
        rendered = self._render(sender)
        # A change is answered with 202 and takes effect later: the first poll still shows it in progress.
        sender.status = sender.status.removesuffix(":UPDATING")
        return JSONResponse(rendered)

    async def _update(self, request: Request) -> Response:
        sender, body = self._sender(request), await read_json(request)
        # Null leaves a value as it is.
        webhook = {name: value for name, value in (body.get("webhook") or {}).items() if value is not None}
        if not webhook.keys() <= NAMES or not all(isinstance(value, str) for value in webhook.values()):
            raise Problem(20001, "webhook")
        if not {value for name, value in webhook.items() if name.endswith("_method")} <= METHODS:
            raise Problem(20001, "webhook method")
        for name, value in webhook.items():
            setattr(sender.webhook, name, value)
        sender.status = "ONLINE:UPDATING"
        return JSONResponse(self._render(sender), 202)

    def _sender(self, request: Request) -> Sender:
        for sender in self._access.account(request).senders.values():
            if sender.sid == request.path_params["sender"] and not sender.sandbox:
                return sender
        raise Problem(20404, request.url.path)

    def _render(self, sender: Sender) -> dict[str, Any]:
        return {
            "sid": sender.sid,
            "status": sender.status,
            "sender_id": sender.address,
            "configuration": {"waba_id": "100000000000000", "verification_method": None, "verification_code": None},
            "webhook": asdict(sender.webhook),
            "profile": {"name": sender.name, "about": "Simulated, not on WhatsApp"},
            "properties": {"quality_rating": "HIGH", "messaging_limit": "10K Customers/24hr"},
            "offline_reasons": [],
            "compliance": None,
            "url": f"{self._network.base_url}/v2/Channels/Senders/{sender.sid}",
        }
