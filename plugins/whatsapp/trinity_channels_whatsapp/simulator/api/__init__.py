"""The simulator's HTTP side: Twilio's hosts under one address, and the phone page."""

from __future__ import annotations

from starlette.applications import Starlette

from trinity_channels.simulation import page_routes
from trinity_channels_whatsapp.simulator.api.access import Access
from trinity_channels_whatsapp.simulator.api.account import AccountApi
from trinity_channels_whatsapp.simulator.api.content import ContentApi
from trinity_channels_whatsapp.simulator.api.media import MediaApi
from trinity_channels_whatsapp.simulator.api.messages import MessagesApi
from trinity_channels_whatsapp.simulator.api.phone_page import PhoneFactory, WhatsAppPage
from trinity_channels_whatsapp.simulator.api.senders import SendersApi
from trinity_channels_whatsapp.simulator.api.services import ServicesApi
from trinity_channels_whatsapp.simulator.api.typing_indicator import TypingApi
from trinity_channels_whatsapp.simulator.network import Network
from trinity_channels_whatsapp.simulator.outbound import Outbound
from trinity_channels_whatsapp.simulator.problems import handlers


def application(network: Network, outbound: Outbound, phone: PhoneFactory) -> Starlette:
    """Everything that is served; the most frequent routes come first."""
    access = Access(network.accounts)
    return Starlette(
        routes=[
            *MessagesApi(network, outbound, access).routes(),
            *TypingApi(network, access).routes(),
            *MediaApi(network, access).routes(),
            *AccountApi(network, access).routes(),
            *SendersApi(network, access).routes(),
            *ServicesApi(network, access).routes(),
            *ContentApi(network, access).routes(),
            *page_routes(WhatsAppPage(network, phone)),
        ],
        exception_handlers=handlers(),
    )
