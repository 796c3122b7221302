"""A person in Slack: what they write, what they see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from trinity_channels.api import Heard
from trinity_channels_slack.simulator import composer, interactions
from trinity_channels_slack.simulator.messages import Conversation, Message
from trinity_channels_slack.simulator.people import User
from trinity_channels_slack.simulator.rendering import rendered
from trinity_channels_slack.simulator.uploads import file_object, snippet
from trinity_channels_slack.simulator.workspace import Workspace

ARRIVED = 2
"""Slack has no ticks: what is in the conversation has arrived, and Slack does not report whether it was read."""


class Line(Protocol):
    """Carries what a person does."""

    async def carry(self, conversation: Conversation, message: Message) -> None:
        """Return when the events have been answered."""

    async def edit(self, conversation: Conversation, message: Message, change: Mapping[str, Any]) -> None:
        """Change a message."""

    async def delete(self, message: Message) -> None:
        """Take a message back."""

    async def interact(self, payload: Mapping[str, Any]) -> None:
        """Send what a person did with a button, a menu or a form."""

    async def open_home(self, user: User, tab: str) -> None:
        """Tell the app that its space was opened."""

    async def command(self, form: Mapping[str, str]) -> str:
        """Send a slash command; returns the answer."""


class SlackPhone:
    """A person with Slack open.

    Attributes:
        name: display name.
        address: user id.
        user: the account, with what users.info returns about it.
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
        await self._write(self._direct, text, thread)

    async def mentions(self, text: str, *, channel: str = "general", thread: Message | None = None) -> Message:
        """Write in a channel, with the app's name before the text."""
        return await self.posts(text, channel=channel, thread=thread, mention=True)

    async def posts(
        self,
        text: str,
        *,
        channel: str = "general",
        thread: Message | None = None,
        mention: bool | str = False,
        broadcast: bool = False,
    ) -> Message:
        """Write in a channel, joining it; `mention` is the app, or a member's id.

        `thread` is any message of the thread to reply in; `broadcast` also shows the reply in the channel.
        """
        found = self._workspace.channel(channel)
        found.members.add(self.user.id)
        subtype = "thread_broadcast" if broadcast else ""
        return await self._write(found, text, thread, mention=mention, subtype=subtype)

    async def acts(self, text: str) -> Message:
        """Write `/me …` to the app directly."""
        return await self._write(self._direct, text, None, subtype="me_message")

    async def forwards(
        self, message: Message, comment: str = "", *, channel: str = "", mention: bool = False
    ) -> Message:
        """Forward a message to the app directly, or to a channel."""
        where = self._workspace.channel(channel) if channel else self._direct
        where.members.add(self.user.id)
        source = self._workspace.conversation_of(message)
        link, author = self._workspace.link_to(source, message.ts), self._workspace.name_of(message.user)
        attached = composer.share(message.fields(), source.id, author, link)
        return await self._write(where, comment, None, mention=mention, attachments=[attached])

    async def pastes_table(
        self, rows: Sequence[Sequence[str | float]], text: str = "", *, attached: bool = True
    ) -> Message:
        """Paste a table into the direct chat; some clients put it beside the text (`attached`), some below it."""
        table = composer.table(rows)
        if attached:
            beside = {"id": 1, "fallback": "[no preview available]", "blocks": [table]}
            return await self._write(self._direct, text, None, attachments=[beside])
        return await self._write(self._direct, text, None, blocks=[table])

    async def writes_in_blocks(self, text: str) -> Message:
        """Write to the app directly with a client whose `text` stays empty."""
        return await self._write(self._direct, text, None, empty_text=True)

    async def sends_file(
        self, name: str, media_type: str, size: int = 1234, text: str = "", content: bytes = b""
    ) -> Message:
        """Share a file in the direct chat; its `content` stays with this person, since it cannot be fetched here."""
        file = self._file(name, media_type, len(content) or size)
        self._workspace.contents[file["id"]] = content
        return await self._write(self._direct, text, None, subtype="file_share", files=[file])

    async def sends_snippet(self, name: str, content: str, text: str = "") -> Message:
        """Share a text snippet in the direct chat, as Slack proposes for long texts."""
        file = self._file(name, "text/plain", len(content.encode())) | snippet(content)
        return await self._write(self._direct, text, None, subtype="file_share", files=[file])

    async def sends_media(self, data: bytes, content_type: str, caption: str = "") -> None:
        """Share a file in the direct chat."""
        await self.sends_file("simulated", content_type, len(data), caption, data)

    async def edits(self, message: Message, text: str) -> None:
        """Change what was written."""
        written, blocks = composer.composed(text)
        await self._line.edit(self._workspace.conversation_of(message), message, {"text": written, "blocks": blocks})

    async def corrects(self, text: str) -> None:
        """Change what was written last to the app directly."""
        await self.edits(self._last_direct(), text)

    async def takes_back(self) -> None:
        """Delete what was written last to the app directly."""
        await self._line.delete(self._last_direct())

    async def sees_preview(self, message: Message, url: str, title: str, text: str) -> None:
        """Slack adds the preview of a link to a message; for the app that is an edit."""
        change = {"attachments": [composer.preview(url, title, text)]}
        await self._line.edit(self._workspace.conversation_of(message), message, change)

    async def presses(self, message: Message, action_id: str, **chosen: Any) -> None:
        """Press a button of a message, or choose in a menu: `chosen` are the fields that Slack adds to the element."""
        conversation = self._workspace.conversation_of(message)
        await self._line.interact(
            interactions.block_actions(self._workspace, conversation, message, self.user, action_id, chosen)
        )

    async def submits(self, view: Mapping[str, Any]) -> None:
        """Send a form off; `view` as https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload."""
        await self._line.interact(interactions.view_submission(self._workspace, self.user, view))

    async def opens_home(self, tab: str = "messages") -> None:
        """Open the app, on one of its tabs, and write nothing."""
        await self._line.open_home(self.user, tab)

    async def commands(self, command: str, text: str = "") -> str:
        """Use a slash command of the app, in the direct chat; returns the answer that only this person sees."""
        return await self._line.command(interactions.slash_command(self._workspace, self.user, command, text))

    def heard(self) -> list[Heard]:
        """Everything that the app wrote where this person can read it, oldest first."""
        return [Heard(rendered(one.text, self._workspace.name_of), ARRIVED) for one in self._from_app()]

    def sees(self) -> list[tuple[Conversation, Message]]:
        """Every message in this person's conversations, oldest first."""
        return list(self._workspace.visible_to(self.user))

    def _from_app(self) -> Iterator[Message]:
        return (one for _, one in self.sees() if one.bot_id == self._workspace.app.bot_id)

    @property
    def _direct(self) -> Conversation:
        return self._workspace.direct(self.user)

    def _last_direct(self) -> Message:
        return next(one for one in reversed(self._direct.messages.values()) if one.user == self.user.id)

    def _file(self, name: str, media_type: str, size: int) -> dict[str, Any]:
        number = len(self._direct.messages) + 1
        created = int(self._workspace.clock().timestamp())
        return file_object(
            f"F0{self.user.id[2:]}{number}",
            name,
            media_type,
            size,
            user=self.user.id,
            created=created,
            base_url=self._workspace.base_url,
        )

    async def _write(
        self,
        conversation: Conversation,
        text: str,
        thread: Message | None,
        *,
        mention: bool | str = False,
        empty_text: bool = False,
        subtype: str = "",
        **beside: Sequence[dict[str, Any]],
    ) -> Message:
        named = mention if isinstance(mention, str) else self._workspace.app.user_id if mention else ""
        written, blocks = composer.composed(text, named)
        message = Message(
            ts=self._workspace.new_ts(),
            user=self.user.id,
            text="" if empty_text else written,
            # Always the root's, whichever message of the thread is answered.
            thread_ts=(thread.thread_ts or thread.ts) if thread else "",
            subtype=subtype,
            files=list(beside.get("files", ())),
            blocks=[*blocks, *beside.get("blocks", ())],
            attachments=list(beside.get("attachments", ())),
        )
        conversation.add(message)
        self.latest = message
        await self._line.carry(conversation, message)
        return message


class SlackGroup:
    """A channel with the app in it, as the contract kit looks at groups."""

    def __init__(self, name: str, workspace: Workspace) -> None:
        self.name = name
        self._workspace = workspace

    async def says(self, phone: SlackPhone, text: str, *, named: bool) -> None:
        """Let a member write in the channel; `named`: with the app's name before it."""
        await phone.posts(text, channel=self.name, mention=named)

    async def names(self, phone: SlackPhone, other: SlackPhone, text: str) -> None:
        """Let a member write in the channel to another one."""
        await phone.posts(text, channel=self.name, mention=other.user.id)

    def heard(self) -> list[Heard]:
        """What the app wrote in the channel and its threads, oldest first."""
        said = self._workspace.channel(self.name).messages.values()
        ours = (one for one in said if one.bot_id == self._workspace.app.bot_id)
        return [Heard(rendered(one.text, self._workspace.name_of), ARRIVED) for one in ours]
