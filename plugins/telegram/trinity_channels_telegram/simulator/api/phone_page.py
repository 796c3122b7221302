"""Telegram on the phone page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from trinity_channels.simulation import (
    SHOWN,
    Bubble,
    ConsoleAction,
    ConsolePage,
    File,
    PhonePage,
    Sample,
    Screen,
    behaviours,
    send_faults,
)
from trinity_channels_telegram.simulator.chats import ARRIVED, Posted
from trinity_channels_telegram.simulator.delivery import Delivery
from trinity_channels_telegram.simulator.marks import drawn
from trinity_channels_telegram.simulator.network import Network
from trinity_channels_telegram.simulator.phones import Phone

PhoneFactory = Callable[[str], Phone]

FOLDER = Path(__file__).parent.parent / "page"
START, BLOCK, UNBLOCK = "start", "block", "unblock"
ACTIONS: Mapping[str, Mapping[str, str]] = {
    "left": {START: "Start"},
    "member": {BLOCK: "Block the bot"},
    "kicked": {UNBLOCK: "Unblock the bot"},
}
STATES = {"left": "not started", "kicked": "blocked"}
_TYPES = {"photo": "image/jpeg", "voice": "audio/ogg"}


class TelegramPage(PhonePage[Phone]):
    """What people see, who they are and what they do."""

    console_title = "@BotFather"

    def __init__(self, network: Network, delivery: Delivery, phone: PhoneFactory) -> None:
        duplicate = behaviours(
            "duplicate", "Duplicate", "Each update arrives twice.", network.behaviour, ("duplicate_webhooks",)
        )
        super().__init__("Telegram", FOLDER, network.clock, [*send_faults(network.faults, "Telegram"), duplicate])
        self._network = network
        self._delivery = delivery
        self._phone = phone

    def people(self) -> Iterable[Phone]:
        return self._network.people.values()

    def add(self, name: str) -> Phone:
        return self._phone(name)

    async def screen(self, person: Phone) -> Screen:
        status = person.chat.bots[person.bot]
        return Screen(
            name=person.bot.name,
            address=person.bot.mention,
            bubbles=[_bubble(one) for one in person.chat.messages[-SHOWN:]],
            typing=person.typing,
            state=STATES.get(status, ""),
            window="After 24 hours Telegram drops what it could not deliver.",
            actions=ACTIONS.get(status, {}),
        )

    async def say(self, person: Phone, text: str, where: str, thread: str) -> None:  # noqa: ARG002 -- one chat
        self._network.background.start(person.says(text))

    async def tap(self, person: Phone, title: str) -> None:
        if person.offer(title):  # buttons that open an address do nothing here
            self._network.background.start(person.taps(title))

    async def act(self, person: Phone, action: str) -> None:
        acts = {START: lambda: person.says("/start"), BLOCK: person.blocks, UNBLOCK: person.unblocks}
        self._network.background.start(acts[action]())

    def console(self) -> Sequence[ConsolePage]:
        # The webhook is not among it: the host sets that itself.
        return [
            ConsolePage(
                str(bot.id),
                f"{bot.name}, {bot.mention}",
                values={"Bot token": bot.token},
                actions={"revoke": ConsoleAction("Revoke the token", partial(self._network.revoke_token, bot))},
            )
            for bot in self._network.bots.values()
        ]

    def attachments(self) -> Mapping[str, str]:
        return {"photo": "Photo", "voice": "Voice message", "file": "File", "place": "Location"}

    async def send(self, person: Phone, sample: Sample) -> None:
        self._network.background.start(_sent(person, sample))

    def advance(self, by: timedelta) -> None:
        super().advance(by)
        self._delivery.wake()


async def _sent(person: Phone, sample: Sample) -> None:
    fields: dict[str, Any] = {"file_id": f"simulated-{sample.name}", "file_size": len(sample.content)}
    match sample.kind:
        case "place":
            location = {"latitude": sample.latitude, "longitude": sample.longitude}
            await person.sends("venue", location=location, title=sample.name, address=sample.address)
        case "photo" | "voice":
            await person.sends(sample.kind, content=sample.content, **fields)
        case _:
            fields |= {"file_name": sample.name, "mime_type": sample.content_type}
            await person.sends("document", content=sample.content, **fields)


def _bubble(message: Posted) -> Bubble:
    return Bubble(
        id=str(message.number),
        mine=not message.by_bot,
        text=message.text,
        html=drawn(message.text, message.entities),
        at=message.date,
        # Telegram shows that something was read; here that is the webhook's answer.
        ticks=ARRIVED if message.by_bot or message.seen else 1,
        file=_file(message),
        place=_place(message.more),
        buttons=[button["text"] for row in message.keyboard for button in row],
    )


def _file(message: Posted) -> File | None:
    for kind in ("photo", "voice", "document"):
        if held := message.more.get(kind):
            # A photo comes in several sizes, the largest last.
            one = held[-1] if isinstance(held, list) else held
            content_type = _TYPES.get(kind) or one.get("mime_type", "application/octet-stream")
            return File(content_type, one.get("file_name", ""), message.content)
    return None


def _place(more: Mapping[str, Any]) -> str:
    if venue := more.get("venue"):
        return f"{venue['title']}, {venue['address']}"
    location = more.get("location")
    return f"{location['latitude']}, {location['longitude']}" if location else ""
