"""The workspace on a page: direct chat and channels in one list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

from trinity_channels.simulation import (
    SHOWN,
    Bubble,
    ConsoleAction,
    ConsolePage,
    File,
    PhonePage,
    Refused,
    Sample,
    Screen,
    WebhookField,
    behaviours,
    send_faults,
)
from trinity_channels_slack.simulator.marks import drawn
from trinity_channels_slack.simulator.messages import Conversation, Message
from trinity_channels_slack.simulator.phones import SlackPhone
from trinity_channels_slack.simulator.rendering import rendered
from trinity_channels_slack.simulator.webhooks import RequestUrlRefused
from trinity_channels_slack.simulator.workspace import Workspace

FOLDER = Path(__file__).parent.parent / "page"
EMOJI = {"eyes": "👀", "+1": "👍", "heart": "❤️", "tada": "🎉", "white_check_mark": "✅", "wave": "👋", "x": "❌"}
DESTINATIONS = {"": "the app, directly", "general": "#general, with a mention"}


class People(Protocol):
    """The simulator, as far as the page needs it."""

    @property
    def phones(self) -> Sequence[SlackPhone]:
        """All people."""

    def phone(self, name: str) -> SlackPhone:
        """A person, new or existing."""

    async def send_due(self) -> bool:
        """Send the retries that are due."""

    @property
    def request_url(self) -> str:
        """The URL of the Events API, verified or not yet."""

    async def enter_request_url(self, url: str) -> None:
        """Enter the URL of the Events API; raises `RequestUrlRefused`."""

    def enter_interactivity_url(self, url: str) -> None:
        """Enter the URL for buttons and forms."""

    def regenerate_signing_secret(self) -> str:
        """Sign with a new secret."""

    def switch_socket_mode(self, *, on: bool) -> None:
        """Switch Socket Mode on or off."""

    async def carry(self, conversation: Conversation, message: Message) -> None:
        """Send the events of a message."""


class WorkspacePage(PhonePage[SlackPhone]):
    """What people see, who they are and what they do."""

    console_title = "Slack app settings"

    def __init__(self, workspace: Workspace, people: People) -> None:
        switches = [
            *send_faults(workspace.faults, "Slack"),
            behaviours(
                "duplicate", "Duplicate", "Each event arrives twice.", workspace.behaviour, ("duplicate_events",)
            ),
            behaviours(
                "disorder",
                "Disorder",
                "Of the two events of a mention, the later one arrives first.",
                workspace.behaviour,
                ("message_first",),
            ),
        ]
        super().__init__("Slack", FOLDER, workspace.clock, switches)
        self._workspace = workspace
        self._people = people

    def people(self) -> Iterable[SlackPhone]:
        return self._people.phones

    def add(self, name: str) -> SlackPhone:
        return self._people.phone(name)

    async def screen(self, person: SlackPhone) -> Screen:
        await self._people.send_due()  # looking at the page advances the deliveries that are due
        sees = person.sees()
        mine = {conversation.id for conversation, _ in sees}
        return Screen(
            name=self._workspace.app.name,
            address="App in Simulated workspace",
            bubbles=[self._bubble(person, *pair) for pair in sees[-SHOWN:]],
            typing=any(status and channel in mine for (channel, _), status in self._workspace.statuses.items()),
        )

    def destinations(self) -> Mapping[str, str]:
        return DESTINATIONS

    async def say(self, person: SlackPhone, text: str, where: str, thread: str) -> None:
        root = next((one for pair, one in self._threads(person) if pair == thread), None) if thread else None
        if thread and root is None:
            raise Refused("There is no such thread.")
        try:
            await self._said(person, text, where, root)
        except RequestUrlRefused as refused:
            raise Refused(str(refused), HTTPStatus.CONFLICT) from None

    async def _said(self, person: SlackPhone, text: str, where: str, root: Message | None) -> None:
        conversation = self._workspace.conversation_of(root) if root else None
        if conversation is not None and conversation.kind != "im":
            await person.posts(text, channel=conversation.name, thread=root)
        elif where:
            await person.mentions(text, channel=where, thread=root)
        else:
            await person.says(text, thread=root)

    async def tap(self, person: SlackPhone, title: str) -> None:
        # The newest message with that button: people press the one they see.
        for _, message in reversed(person.sees()):
            if action := next((one for one in _buttons(message) if one["text"]["text"] == title), None):
                await person.presses(message, action["action_id"])
                return

    def console(self) -> Sequence[ConsolePage]:
        app = self._workspace.app
        regenerate = ConsoleAction("Regenerate the signing secret", self._regenerate)
        mode = "off" if app.socket_mode else "on"
        switch = ConsoleAction(f"Switch Socket Mode {mode}", partial(self._people.switch_socket_mode, on=mode == "on"))
        return [
            ConsolePage(
                "app",
                "Basic Information",
                values={"Bot User OAuth Token": app.token, "Signing Secret": app.signing_secret},
                actions={"regenerate": regenerate},
            ),
            ConsolePage(
                "socket_mode",
                "Socket Mode",
                values={"App-Level Token": app.app_token},
                actions={mode: switch},
            ),
            ConsolePage(
                "events",
                "Event Subscriptions",
                webhook=WebhookField("Request URL", self._people.request_url, self._enter_request_url),
            ),
            ConsolePage(
                "interactivity",
                "Interactivity & Shortcuts",
                webhook=WebhookField("Request URL", app.interactivity_url, self._enter_interactivity_url),
            ),
        ]

    async def _enter_request_url(self, url: str) -> None:
        if not url:
            raise Refused("Slack keeps a request URL; enter another one.")
        try:
            await self._people.enter_request_url(url)
        except RequestUrlRefused as refused:
            raise Refused(str(refused)) from None

    async def _enter_interactivity_url(self, url: str) -> None:
        self._people.enter_interactivity_url(url)

    def _regenerate(self) -> None:
        self._people.regenerate_signing_secret()

    def attachments(self) -> Mapping[str, str]:
        return {"photo": "Photo", "voice": "Audio clip", "file": "File"}

    async def send(self, person: SlackPhone, sample: Sample) -> None:
        self._workspace.background.start(_sent(person, sample))

    def _threads(self, person: SlackPhone) -> Iterable[tuple[str, Message]]:
        return ((_id(*pair), pair[1]) for pair in person.sees())

    def _bubble(self, phone: SlackPhone, conversation: Conversation, message: Message) -> Bubble:
        name_of = self._workspace.name_of
        return Bubble(
            id=_id(conversation, message),
            mine=message.user == phone.user.id,
            text=rendered(message.text, name_of),
            html=drawn(message.text, name_of),
            at=datetime.fromtimestamp(float(message.ts), UTC),
            by=name_of(message.user),
            where="" if conversation.kind == "im" else f"#{conversation.name}",
            # Only what stands in the conversation itself can begin a thread.
            thread=_id(conversation, message) if message.thread_ts in {"", message.ts} else "",
            reply=message.thread_ts not in {"", message.ts},
            file=self._file(message),
            buttons=[one["text"]["text"] for one in _buttons(message)],
            reactions=[EMOJI.get(one, f":{one}:") for one in sorted(message.reactions) if message.reactions[one]],
        )

    def _file(self, message: Message) -> File | None:
        if not message.files:
            return None
        file = message.files[0]
        return File(file["mimetype"], file["name"], self._workspace.contents.get(file["id"], b""))


def _id(conversation: Conversation, message: Message) -> str:
    return f"{conversation.id}/{message.ts}"


def _buttons(message: Message) -> list[dict[str, Any]]:
    elements = [one for block in message.blocks if block.get("type") == "actions" for one in block.get("elements", [])]
    return [one for one in elements if one.get("type") == "button" and one.get("action_id")]


async def _sent(person: SlackPhone, sample: Sample) -> None:
    await person.sends_file(sample.name, sample.content_type, content=sample.content)
