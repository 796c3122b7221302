"""Telegram on the phone page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from trinity_channels.simulation import SHOWN, PhonePage
from trinity_channels_telegram.simulator.chats import ARRIVED, Posted
from trinity_channels_telegram.simulator.delivery import Delivery
from trinity_channels_telegram.simulator.network import Network
from trinity_channels_telegram.simulator.phones import Phone

PhoneFactory = Callable[[str], Phone]

FOLDER = Path(__file__).parent.parent / "page"
LATER = "Telegram forgets what it could not deliver for 24 hours"


class TelegramPage(PhonePage[Phone]):
    """What people see and who they are."""

    def __init__(self, network: Network, delivery: Delivery, phone: PhoneFactory) -> None:
        super().__init__(FOLDER, "Telegram", LATER, network.clock, network.background)
        self._network = network
        self._delivery = delivery
        self._phone = phone

    def people(self) -> Iterable[Phone]:
        return self._network.people.values()

    def add(self, name: str) -> Phone:
        return self._phone(name)

    async def seen(self, person: Phone) -> dict[str, Any]:
        return {
            "with": {"name": person.bot.name, "address": person.bot.mention},
            "now": self._network.clock().isoformat(),
            "typing": person.typing,
            "started": person.chat.bots[person.bot] != "left",
            "messages": [_bubble(one) for one in person.chat.messages[-SHOWN:]],
        }

    def advance(self, by: timedelta) -> None:
        super().advance(by)
        self._delivery.wake()


def _bubble(message: Posted) -> dict[str, Any]:
    return {
        "id": message.number,
        "mine": not message.by_bot,
        "text": message.text,
        "entities": [entity.json for entity in message.entities],
        "at": message.date.isoformat(),
        "ticks": ARRIVED if message.by_bot or message.seen else 1,
        "buttons": [button["text"] for row in message.keyboard for button in row],
    }
