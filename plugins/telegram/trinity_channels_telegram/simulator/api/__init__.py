"""The simulator's HTTP side: the Bot API and the phone page."""

from __future__ import annotations

from starlette.applications import Starlette

from trinity_channels.simulation import page_routes
from trinity_channels_telegram.simulator.api.bot_api import BotApi
from trinity_channels_telegram.simulator.api.phone_page import PhoneFactory, TelegramPage
from trinity_channels_telegram.simulator.delivery import Delivery
from trinity_channels_telegram.simulator.methods import Methods
from trinity_channels_telegram.simulator.network import Network
from trinity_channels_telegram.simulator.problems import handlers


def application(network: Network, methods: Methods, delivery: Delivery, phone: PhoneFactory) -> Starlette:
    """Everything that is served."""
    return Starlette(
        routes=[
            *BotApi(network, methods, delivery.polling).routes(),
            *page_routes(TelegramPage(network, delivery, phone)),
        ],
        exception_handlers=handlers(),
    )
