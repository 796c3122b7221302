"""A person with their phone: what they write, what they hear."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from trinity_channels.api import Heard
from trinity_channels_telegram.simulator import contents, markup, rendering
from trinity_channels_telegram.simulator.chats import Bot, Chat, Person, Posted, Topic
from trinity_channels_telegram.simulator.entities import units


class Updates(Protocol):
    """Carries what a phone sends; each call returns when the webhook has been answered, or has failed for now."""

    async def say(self, phone: Person, chat: Chat, text: str = "", **fields: Any) -> Posted:
        """Post a message."""

    async def edit(self, phone: Person, message: Posted, text: str) -> None:
        """Change a message."""

    async def tap(self, phone: Person, message: Posted, button: dict[str, str]) -> None:
        """Tap a button under a message."""

    async def change_bot(self, phone: Person, chat: Chat, bot: Bot, status: str) -> None:
        """Let a bot in, or throw it out."""

    def now(self) -> datetime:
        """The network's time."""

    def number(self) -> int:
        """A number that nothing else has."""


class Phone:
    """A person's phone.

    Attributes:
        name: first name, chosen by the person.
        id: for good; also the identifier of the chat with them.
        username: may be empty.
        address: what a bot writes to.
        chat: the chat with the bot.
        bot: the bot this person talks to.
    """

    def __init__(self, name: str, number: int, username: str, bot: Bot, updates: Updates) -> None:
        self.name = name
        self.id = number
        self.username = username
        self.address = str(number)
        self.bot = bot
        self.chat = Chat(number, "private", members=[self], bots={bot: "left"})
        self._updates = updates
        bot.private[number] = self.chat

    @property
    def user(self) -> dict[str, object]:
        """As others see this person."""
        fields: dict[str, object] = {"id": self.id, "is_bot": False, "first_name": self.name}
        return fields | ({"username": self.username} if self.username else {}) | {"language_code": "en"}

    # --- what people do ---

    async def says(self, text: str) -> None:
        """Write to the bot; returns when the webhook has been answered, or has failed for now."""
        await self.writes(text)

    async def writes(
        self,
        text: str,
        *,
        chat: Chat | None = None,
        topic: Topic | None = None,
        replying_to: Posted | None = None,
        as_chat: Chat | None = None,
    ) -> Posted:
        """Write anywhere, which may be an answer; `as_chat` speaks for a channel, or for the group as an anonymous admin."""
        fields: dict[str, Any] = {"topic": topic.root.number if topic else None, "replies_to": replying_to}
        return await self._updates.say(self, chat or self.chat, text, sender=as_chat or self, **fields)

    async def mentions(self, text: str, chat: Chat, *, topic: Topic | None = None) -> Posted:
        """Call the bot by name in a group."""
        return await self.writes(f"{self.bot.mention} {text}", chat=chat, topic=topic)

    async def replies(self, text: str, to: Posted) -> Posted:
        """Answer a message where it stands."""
        topic = to.chat.topics.get(to.topic) if to.topic is not None else None
        return await self.writes(text, chat=to.chat, topic=topic, replying_to=to)

    async def formats(self, html: str, *, chat: Chat | None = None) -> Posted:
        """Write with links and other marks, here said in Telegram's HTML."""
        text, entities = markup.parse(html)
        return await self._updates.say(self, chat or self.chat, text, entities=entities)

    async def quotes(self, text: str, to: Posted, passage: str) -> Posted:
        """Answer a passage of a message, where it stands."""
        quote = {"text": passage, "position": units(to.text[: to.text.find(passage)]), "is_manual": True}
        return await self._updates.say(self, to.chat, text, replies_to=to, about={"quote": quote})

    async def quotes_from_elsewhere(self, text: str, passage: str, of: Person | Bot | Chat) -> Posted:
        """Answer a passage of what someone said in another chat."""
        about = {
            "external_reply": {"origin": rendering.origin(of, self._updates.now())},
            "quote": {"text": passage, "position": 0, "is_manual": True},
        }
        return await self._updates.say(self, self.chat, text, about=about)

    async def forwards(self, text: str, of: Person | Bot | Chat | str, *, chat: Chat | None = None) -> Posted:
        """Pass on what someone said elsewhere; a name alone is of a person who hides their account."""
        about = {"forward_origin": rendering.origin(of, self._updates.now())}
        return await self._updates.say(self, chat or self.chat, text, about=about)

    async def presses_start(self, payload: str = "") -> Posted:
        """Open the bot, by its name or by a link `https://t.me/<bot>?start=<payload>`."""
        return await self.writes(f"/start {payload}".rstrip())

    async def sends(
        self,
        kind: str,
        *,
        caption: str = "",
        chat: Chat | None = None,
        album: str = "",
        content: bytes = b"",
        **fields: Any,
    ) -> Posted:
        """Send a file, a place, a checklist…: `kind` is the Bot API's field for it, `fields` are what it holds.

        Fields that Telegram always sends are there with values of the simulator's own. What is sent with the same `album`
        belongs together. `content` stays on the phone.
        """
        about = {"media_group_id": album} if album else {}
        more = contents.complete(kind, fields)
        return await self._updates.say(self, chat or self.chat, caption, more=more, about=about, content=content)

    async def sends_album(self, *captions: str, chat: Chat | None = None) -> list[Posted]:
        """Send one photo for each caption, as one album: that is an update for each of them."""
        album = str(self._updates.number())
        return [await self.sends("photo", caption=caption, chat=chat, album=album) for caption in captions]

    async def sends_media(self, data: bytes, content_type: str, caption: str = "") -> None:
        """Send a file as a document; its content stays on the phone, since it cannot be fetched here."""
        fields: dict[str, Any] = {
            "file_id": f"simulated-file-{len(data)}",
            "mime_type": content_type,
            "file_size": len(data),
        }
        await self.sends("document", caption=caption, **fields)

    async def edits(self, message: Posted, text: str) -> None:
        """Change what was said."""
        await self._updates.edit(self, message, text)

    async def corrects(self, text: str) -> None:
        """Change what was said last to the bot."""
        await self.edits(next(one for one in reversed(self.chat.messages) if one.sender is self), text)

    async def taps(self, title: str) -> None:
        """Tap the button called `title` under the latest message that has one."""
        if (offer := self.offer(title)) is None:
            raise LookupError(f"no message offers the button {title!r}")
        await self._updates.tap(self, *offer)

    def offer(self, title: str) -> tuple[Posted, dict[str, str]] | None:
        """The latest message with a button called `title`, and that button."""
        for message in reversed(self.chat.messages):
            for button in (one for row in message.keyboard for one in row):
                if button["text"] == title and "callback_data" in button:
                    return message, button
        return None

    async def blocks(self) -> None:
        """Block the bot."""
        await self._updates.change_bot(self, self.chat, self.bot, "kicked")

    async def unblocks(self) -> None:
        """Let the bot write again."""
        await self._updates.change_bot(self, self.chat, self.bot, "member")

    # --- what people see ---

    def heard(self) -> list[Heard]:
        """Everything the bot wrote in the chat with this person, oldest first."""
        return self.chat.heard()

    @property
    def typing(self) -> bool:
        """The chat shows "typing…": until the bot's next message, or for five seconds."""
        return self.chat.typing.get(None, self._updates.now()) > self._updates.now()
