"""WhatsApp on the phone page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from trinity_channels.simulation import SHOWN, PhonePage
from trinity_channels_whatsapp.simulator.messages import Message
from trinity_channels_whatsapp.simulator.network import Network
from trinity_channels_whatsapp.simulator.phones import Phone
from trinity_channels_whatsapp.simulator.problems import FAILURES, UNKNOWN_FAILURE

PhoneFactory = Callable[[str], Phone]

FOLDER = Path(__file__).parent.parent / "page"


class WhatsAppPage(PhonePage[Phone]):
    """What people see and who they are."""

    def __init__(self, network: Network, phone: PhoneFactory) -> None:
        super().__init__(FOLDER, "WhatsApp", "the 24-hour window closes", network.clock, network.background)
        self._network = network
        self._phone = phone

    def people(self) -> Iterable[Phone]:
        return self._network.people

    def add(self, name: str) -> Phone:
        return self._phone(name)

    async def seen(self, person: Phone) -> dict[str, Any]:
        return {
            "with": {"name": person.chat.name, "address": person.chat.address.removeprefix("whatsapp:")},
            "now": self._network.clock().isoformat(),
            "typing": person.typing,
            "messages": [_bubble(one) for one in person.bubbles[-SHOWN:]],
        }


def _bubble(message: Message) -> dict[str, Any]:
    failure = None
    if message.error_code is not None:
        failure = f"{message.error_code}: {FAILURES.get(message.error_code, UNKNOWN_FAILURE)[1]}"
    return {
        "id": message.sid,
        "mine": not message.outbound,
        "text": message.shown,
        "at": message.created.isoformat(),
        "ticks": message.ticks,
        "failure": failure,
        "media": message.media_urls[0]
        if message.media_urls
        else message.media[0].content_type
        if message.media
        else None,
        "buttons": list(message.template.buttons) if message.template else [],
    }
