"""The workspace on a page: direct chat and channels in one list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

from trinity_channels.simulation import SHOWN, Page, Refused
from trinity_channels_slack.simulator.messages import Conversation, Message
from trinity_channels_slack.simulator.phones import SlackPhone
from trinity_channels_slack.simulator.rendering import rendered
from trinity_channels_slack.simulator.webhooks import RequestUrlRefused
from trinity_channels_slack.simulator.workspace import Workspace

FOLDER = Path(__file__).parent.parent / "page"


class People(Protocol):
    """The simulator, as far as the page needs it."""

    @property
    def phones(self) -> Sequence[SlackPhone]:
        """All people."""

    def phone(self, name: str) -> SlackPhone:
        """A person, new or existing."""

    async def send_due(self) -> bool:
        """Send the retries that are due."""

    async def carry(self, conversation: Conversation, message: Message) -> None:
        """Send the events of a message."""


class WorkspacePage(Page[SlackPhone]):
    """What people see and who they are."""

    def __init__(self, workspace: Workspace, people: People) -> None:
        super().__init__((FOLDER / "index.html").read_text(encoding="utf-8"), FOLDER)
        self._workspace = workspace
        self._people = people

    def people(self) -> Iterable[SlackPhone]:
        return self._people.phones

    def add(self, name: str) -> SlackPhone:
        return self._people.phone(name)

    async def seen(self, person: SlackPhone) -> dict[str, Any]:
        await self._people.send_due()  # reading the page advances the deliveries that are due
        messages = [self._shown(person, *pair) for pair in person.sees()[-SHOWN:]]
        return {"with": {"name": self._workspace.app.name}, "messages": messages}

    async def say(self, person: SlackPhone, said: dict[str, Any]) -> None:
        text, channel = str(said.get("text", "")).strip(), str(said.get("channel", ""))
        if not text:
            raise Refused("There is no text.")
        try:
            await (person.mentions(text, channel=channel) if channel else person.says(text))
        except RequestUrlRefused as refused:
            raise Refused(str(refused), HTTPStatus.CONFLICT) from None

    def _shown(self, phone: SlackPhone, conversation: Conversation, message: Message) -> dict[str, Any]:
        return {
            "id": f"{conversation.id}/{message.ts}",
            "where": "" if conversation.kind == "im" else f"#{conversation.name}",
            "by": self._workspace.name_of(message.user),
            "mine": message.user == phone.user.id,
            "reply": message.thread_ts not in {"", message.ts},
            "text": rendered(message.text, self._workspace.name_of),
            "at": float(message.ts),
            "reactions": sorted(message.reactions),
        }
