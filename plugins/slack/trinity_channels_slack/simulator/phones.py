"""A person in Slack: what they write, what they see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from trinity_channels.api import Heard
from trinity_channels_slack.simulator.messages import Conversation, Message
from trinity_channels_slack.simulator.people import User
from trinity_channels_slack.simulator.shown import shown
from trinity_channels_slack.simulator.workspace import Workspace

ARRIVED = 2
"""Slack has no ticks: what is in the conversation has arrived, and nobody tells whether it was read."""


class Line(Protocol):
    """Carries what a person does."""

    async def carry(self, conversation: Conversation, message: Message) -> None:
        """Return when the events have been answered."""

    async def edit(self, conversation: Conversation, message: Message, text: str) -> None:
        """Change a message."""


class SlackPhone:
    """Somebody with Slack open.

    Attributes:
        name: display name.
        address: user id.
        user: the account, with what users.info tells of it.
        latest: what this person wrote last.
    """

    def __init__(self, user: User, workspace: Workspace, line: Line) -> None:
        self.name = user.name
        self.address = user.id
        self.user = user
        self.latest: Message | None = None
        self._workspace = workspace
        self._line = line

    async def says(self, text: str, *, thread: Message | None = None) -> None:
        """Write to the app directly; returns when the event has been answered.

        A real client takes `/login …` for a command of Slack's own unless a space is put before it; this one does not.
        """
        await self._write(self._workspace.direct(self.user), text, thread)

    async def mentions(self, text: str, *, channel: str = "general", thread: Message | None = None) -> Message:
        """Write in a channel, with the app's name before the text."""
        return await self.posts(text, channel=channel, thread=thread, mention=True)

    async def posts(
        self, text: str, *, channel: str = "general", thread: Message | None = None, mention: bool = False
    ) -> Message:
        """Write in a channel, joining it; `thread` is any message of the thread to reply in."""
        found = self._workspace.channel(channel)
        found.members.add(self.user.id)
        return await self._write(found, text, thread, mention=mention)

    async def sends_file(self, name: str, media_type: str, size: int = 1234, text: str = "") -> Message:
        """Share a file in the direct chat."""
        number = len(self._workspace.direct(self.user).messages) + 1
        file = {
            "id": f"F0{self.user.id[2:]}{number}",
            "name": name,
            "mimetype": media_type,
            "size": size,
            "mode": "hosted",
            "is_external": False,
            "url_private": f"{self._workspace.base_url}/files-pri/{name}",
        }
        return await self._write(self._workspace.direct(self.user), text, None, subtype="file_share", files=[file])

    async def sends_media(self, data: bytes, content_type: str, caption: str = "") -> None:
        """Share a file in the direct chat; its content stays with this person, since nobody can fetch it here."""
        await self.sends_file("simulated", content_type, len(data), caption)

    async def edits(self, message: Message, text: str) -> None:
        """Change what was written."""
        conversation = next(one for one in self._workspace.conversations.values() if message.ts in one.messages)
        await self._line.edit(conversation, message, _typed(text))

    def heard(self) -> list[Heard]:
        """Everything that the app wrote where this person can read it, oldest first."""
        return [Heard(shown(one.text, self._workspace.name_of), ARRIVED) for one in self._from_app()]

    def sees(self) -> list[tuple[Conversation, Message]]:
        """Every message in this person's conversations, oldest first."""
        return list(self._workspace.visible_to(self.user))

    def _from_app(self) -> Iterator[Message]:
        return (one for _, one in self.sees() if one.bot_id == self._workspace.app.bot_id)

    async def _write(
        self,
        conversation: Conversation,
        text: str,
        thread: Message | None,
        *,
        mention: bool = False,
        subtype: str = "",
        files: Sequence[dict[str, Any]] = (),
    ) -> Message:
        message = Message(
            ts=self._workspace.new_ts(),
            user=self.user.id,
            text=f"<@{self._workspace.app.user_id}> " * mention + _typed(text),
            thread_ts=(thread.thread_ts or thread.ts) if thread else "",
            subtype=subtype,
            files=list(files),
        )
        conversation.add(message)
        self.latest = message
        await self._line.carry(conversation, message)
        return message


def _typed(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
