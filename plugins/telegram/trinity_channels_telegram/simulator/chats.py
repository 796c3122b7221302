"""Bots, and chats with what was said in them: one with each person, and groups with members and topics."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from trinity_channels.api import Heard
from trinity_channels_telegram.simulator.entities import Entity

TYPING = timedelta(seconds=5)
ARRIVED = 2
"""Ticks of what is on the phone."""

# https://core.telegram.org/bots/api#setwebhook: what a bot gets that asks for nothing.
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


class Person(Protocol):
    """A person, as far as chats know them; `Phone` is one."""

    @property
    def id(self) -> int:
        """For good; also the identifier of the chat with them."""

    @property
    def name(self) -> str:
        """The first name."""

    @property
    def username(self) -> str:
        """May be empty."""

    @property
    def bot(self) -> Bot:
        """The bot this person talks to."""

    @property
    def user(self) -> dict[str, object]:
        """As others see this person."""


class Writer(Person, Protocol):
    """A person who can write in groups; `Phone` is one."""

    async def writes(self, text: str, *, chat: Chat | None = None) -> Posted:
        """Write anywhere."""

    async def mentions(self, text: str, chat: Chat) -> Posted:
        """Call the bot by name in a group."""


@dataclass(slots=True, eq=False)
class Posted:
    """One message. `source` is what a bot sent, with its tags; `more` are fields of its kind, such as `photo`.

    `about` are fields that tell about it, such as `forward_origin`. `seen` says that the bot's webhook has taken it.
    `keyboard` are rows of buttons, `content` are the bytes of its file.
    """

    number: int
    chat: Chat = field(repr=False)
    sender: Person | Bot | Chat | None
    date: datetime
    text: str = ""
    entities: tuple[Entity, ...] = ()
    source: str = ""
    topic: int | None = None
    replies_to: Posted | None = field(default=None, repr=False)
    more: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    keyboard: list[list[dict[str, Any]]] = field(default_factory=list)
    edited: datetime | None = None
    by_bot: bool = False
    seen: bool = False
    content: bytes = field(default=b"", repr=False)


@dataclass(slots=True, eq=False)
class Topic:
    """A topic of a forum; its identifier is the number of the message that opened it."""

    root: Posted
    name: str
    closed: bool = False


@dataclass(slots=True, eq=False)
class Chat:
    """A chat.

    Attributes:
        id: of the person, or negative for a group.
        type: private, group or supergroup.
        title: the group's name.
        username: of a public group.
        forum: whether the group has topics.
        members: the people in it.
        bots: what each bot is there: member, administrator, kicked, or left. In a private chat: member (they may write
            to each other), left (the person has not written yet) or kicked (blocked).
        messages: everything said, oldest first.
        topics: by identifier.
        migrated_to: the supergroup that this group has become.
        typing: topic → until when the bot is seen typing.
    """

    id: int
    type: str
    title: str = ""
    username: str = ""
    forum: bool = False
    members: list[Person] = field(default_factory=list, repr=False)
    bots: dict[Bot, str] = field(default_factory=dict, repr=False)
    messages: list[Posted] = field(default_factory=list, repr=False)
    topics: dict[int, Topic] = field(default_factory=dict, repr=False)
    migrated_to: Chat | None = field(default=None, repr=False)
    typing: dict[int | None, datetime] = field(default_factory=dict, repr=False)
    count: int = 0

    @property
    def private(self) -> bool:
        return self.type == "private"

    def post(self, sender: Person | Bot | Chat | None, date: datetime, **fields: Any) -> Posted:
        """Add a message."""
        # Each chat counts its own messages here: numbers are not unique across chats.
        self.count += 1
        posted = Posted(self.count, self, sender, date, **fields)
        self.messages.append(posted)
        return posted

    def find(self, number: int) -> Posted | None:
        return next((one for one in reversed(self.messages) if one.number == number), None)

    async def says(self, phone: Writer, text: str, *, named: bool) -> None:
        """Let someone write here, joining; `named`: with the bot's name before it."""
        if phone not in self.members:
            self.members.append(phone)
        await (phone.mentions(text, self) if named else phone.writes(text, chat=self))

    async def names(self, phone: Writer, other: Writer, text: str) -> None:
        """Let someone write here to another member."""
        await self.says(phone, f"@{other.username} {text}" if other.username else f"{other.name}, {text}", named=False)

    def heard(self) -> list[Heard]:
        """What bots said here, as people see it, oldest first."""
        return [Heard(one.text, ARRIVED) for one in self.messages if one.by_bot and one.text]


@dataclass(slots=True)
class Webhook:
    """What `setWebhook` says; an empty `url` means none."""

    url: str = ""
    secret: str = field(default="", repr=False)
    max_connections: int = 40
    allowed: tuple[str, ...] = ()
    set_at: datetime | None = None
    error: str = ""
    error_at: datetime | None = None

    def wants(self, kind: str) -> bool:
        """Whether this kind of update is sent."""
        # An empty list means the default, not nothing.
        return kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT


@dataclass(slots=True, eq=False)
class Bot:
    """A bot. `privacy` hides most of what is said in groups from it; `private` are its chats with people, by their ids."""

    id: int
    token: str = field(repr=False)
    name: str
    username: str
    privacy: bool = True
    joins_groups: bool = True
    webhook: Webhook = field(default_factory=Webhook)
    private: dict[int, Chat] = field(default_factory=dict, repr=False)
    queries: dict[str, datetime] = field(default_factory=dict, repr=False)
    last_update: int = 0
    last_update_at: datetime | None = None

    @property
    def user(self) -> dict[str, object]:
        """As others see it."""
        return {"id": self.id, "is_bot": True, "first_name": self.name, "username": self.username}

    @property
    def mention(self) -> str:
        """How people call it in a group."""
        return f"@{self.username}"
