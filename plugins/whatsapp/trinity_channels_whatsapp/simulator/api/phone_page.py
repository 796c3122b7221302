"""WhatsApp on the phone page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from trinity_channels.simulation import (
    SHOWN,
    Bubble,
    ConsolePage,
    File,
    PhonePage,
    Sample,
    Screen,
    behaviours,
    send_faults,
)
from trinity_channels_whatsapp.simulator.accounts import Sender
from trinity_channels_whatsapp.simulator.console import console_pages
from trinity_channels_whatsapp.simulator.delivery_outcome import WINDOW
from trinity_channels_whatsapp.simulator.marks import drawn
from trinity_channels_whatsapp.simulator.messages import Message
from trinity_channels_whatsapp.simulator.network import Network
from trinity_channels_whatsapp.simulator.phones import Phone
from trinity_channels_whatsapp.simulator.problems import FAILURES, UNKNOWN_FAILURE

PhoneFactory = Callable[[str], Phone]

FOLDER = Path(__file__).parent.parent / "page"
JOIN, LEAVE, WRITE_TO = "join_sandbox", "leave_sandbox", "write_to:"


class WhatsAppPage(PhonePage[Phone]):
    """What people see, who they are and what they do."""

    console_title = "Twilio Console"

    def __init__(self, network: Network, phone: PhoneFactory) -> None:
        duplicates = ("duplicate_webhooks", "duplicate_callbacks")
        switches = [
            *send_faults(network.faults, "Twilio"),
            behaviours(
                "duplicate", "Duplicate", "Each message and each receipt arrives twice.", network.behaviour, duplicates
            ),
            behaviours(
                "disorder",
                "Disorder",
                "The receipts of a message arrive in the wrong order.",
                network.behaviour,
                ("reverse_callbacks",),
            ),
        ]
        super().__init__("WhatsApp", FOLDER, network.clock, switches)
        self._network = network
        self._phone = phone

    def people(self) -> Iterable[Phone]:
        return self._network.people

    def add(self, name: str) -> Phone:
        return self._phone(name)

    async def screen(self, person: Phone) -> Screen:
        return Screen(
            name=person.chat.name,
            address=_number(person.chat),
            bubbles=[_bubble(one) for one in person.bubbles[-SHOWN:]],
            typing=person.typing,
            state=self._state(person),
            window=self._window(person),
            actions=self._actions(person),
        )

    def _joined(self, person: Phone) -> bool:
        return person.sandbox_account(self.clock()) is not None

    def _state(self, person: Phone) -> str:
        if not person.chat.sandbox:
            return ""
        return "joined the sandbox" if self._joined(person) else "not in the sandbox"

    def _actions(self, person: Phone) -> dict[str, str]:
        joined, offered = self._joined(person), {}
        if person.chat.sandbox and joined:
            offered[LEAVE] = "Leave the sandbox"
        # Only senders with a webhook: writing to another would reach no one.
        for sender in {person.chat: None, **dict.fromkeys(person.chat.account.connected)}:
            if sender.sandbox and not joined:
                offered[JOIN] = "Join the sandbox"
            elif sender is not person.chat:
                offered[f"{WRITE_TO}{_number(sender)}"] = f"Write to {_number(sender)}"
        return offered

    def _window(self, person: Phone) -> str:
        wrote = person.last_wrote.get(person.chat)
        if wrote is None:
            return f"{person.name}'s reply window opens when they write."
        ends = (wrote + WINDOW).astimezone()
        if ends <= self.clock():
            return f"{person.name}'s reply window has closed: only templates arrive until they write again."
        return f"{person.name}'s reply window is open until {ends:%A, %H:%M}."

    async def say(self, person: Phone, text: str, where: str, thread: str) -> None:  # noqa: ARG002 -- one chat
        self._network.background.start(person.says(text))

    async def tap(self, person: Phone, title: str) -> None:
        # In the background: the page does not wait for the host's answer to the webhook.
        self._network.background.start(person.taps(title) if person.offer(title) else person.chooses(title))

    async def act(self, person: Phone, action: str) -> None:
        if action.startswith(WRITE_TO):
            person.writes_to(person.chat.account.senders[f"whatsapp:{action.removeprefix(WRITE_TO)}"])
        else:
            self._network.background.start(person.joins_sandbox() if action == JOIN else person.says("stop"))

    def console(self) -> Sequence[ConsolePage]:
        return tuple(console_pages(self._network.accounts))

    def attachments(self) -> Mapping[str, str]:
        return {"photo": "Photo", "voice": "Voice note", "file": "Document", "place": "Place"}

    async def send(self, person: Phone, sample: Sample) -> None:
        if sample.kind == "place":
            sent = person.shares_location(sample.latitude, sample.longitude, sample.name, sample.address)
        else:
            sent = person.sends_media(sample.content, sample.content_type)
        self._network.background.start(sent)


def _number(sender: Sender) -> str:
    return sender.address.removeprefix("whatsapp:")


def _bubble(message: Message) -> Bubble:
    failure = ""
    if message.error_code is not None:
        told = FAILURES.get(message.error_code, UNKNOWN_FAILURE)[1]
        failure = f"{told.rstrip('.')} ({message.error_code})."
    template = message.template
    return Bubble(
        id=message.sid,
        mine=not message.outbound,
        text=message.shown,
        html=drawn(message.shown),
        at=message.created,
        ticks=message.ticks,
        file=_file(message),
        place=message.place,
        buttons=(*template.buttons, *template.rows) if template else (),
        failure=failure,
    )


def _file(message: Message) -> File | None:
    if not message.media:
        return None
    medium = message.media[0]
    name = PurePosixPath(urlsplit(medium.source).path).name
    return File(medium.content_type, name, medium.data, medium.source)
