"""Messaging Services and the WhatsApp senders in their pools. https://www.twilio.com/docs/messaging/api/service-resource."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trinity_channels_whatsapp.simulator.accounts import Account, Sender
from trinity_channels_whatsapp.simulator.api.access import Access
from trinity_channels_whatsapp.simulator.api.listing import cut, iso8601, modern
from trinity_channels_whatsapp.simulator.network import Network
from trinity_channels_whatsapp.simulator.problems import Problem


class ServicesApi:
    """`/v1/Services`: list, fetch, and the senders of one. A service is made in the console, with `add_service`."""

    def __init__(self, network: Network, access: Access) -> None:
        self._network = network
        self._access = access

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/v1/Services", self._list, methods=["GET"]),
            Route("/v1/Services/{service}", self._fetch, methods=["GET"]),
            Route("/v1/Services/{service}/ChannelSenders", self._senders, methods=["GET"]),
        ]

    @property
    def _url(self) -> str:
        return f"{self._network.base_url}/v1/Services"

    async def _list(self, request: Request) -> Response:
        account = self._access.account(request)
        found = ((sid, self._render(account, sid)) for sid in account.services)
        return JSONResponse(modern(request, cut(request, found), "services", self._url))

    async def _fetch(self, request: Request) -> Response:
        account, sid, _ = self._service(request)
        return JSONResponse(self._render(account, sid))

    async def _senders(self, request: Request) -> Response:
        account, sid, sender = self._service(request)
        rendered = {
            "sid": sender.sid,
            "account_sid": account.sid,
            "messaging_service_sid": sid,
            "sender": sender.address,
            "sender_type": "WhatsApp",
            "country_code": None,
            "date_created": iso8601(account.created),
            "date_updated": iso8601(account.created),
            "url": f"{self._url}/{sid}/ChannelSenders/{sender.sid}",
        }
        page = cut(request, [(sender.sid, rendered)])
        return JSONResponse(modern(request, page, "senders", f"{self._url}/{sid}/ChannelSenders"))

    def _service(self, request: Request) -> tuple[Account, str, Sender]:
        account, sid = self._access.account(request), request.path_params["service"]
        if sid not in account.services:
            raise Problem(20404, request.url.path)
        return account, sid, account.services[sid]

    def _render(self, account: Account, sid: str) -> dict[str, Any]:
        url = f"{self._url}/{sid}"
        return {
            "sid": sid,
            "account_sid": account.sid,
            "friendly_name": f"{account.services[sid].name} service",
            "date_created": iso8601(account.created),
            "date_updated": iso8601(account.created),
            # The sender's own webhook is called, as the simulator does.
            "use_inbound_webhook_on_number": True,
            "inbound_request_url": None,
            "inbound_method": "POST",
            "fallback_url": None,
            "fallback_method": "POST",
            "status_callback": None,
            "sticky_sender": True,
            "mms_converter": True,
            "smart_encoding": True,
            "scan_message_content": "inherit",
            "fallback_to_long_code": True,
            "area_code_geomatch": True,
            "synchronous_validation": False,
            "validity_period": 36_000,
            "usecase": "undeclared",
            "us_app_to_person_registered": False,
            "url": url,
            "links": {"channel_senders": f"{url}/ChannelSenders", "messages": f"{url}/Messages"},
        }
