"""Bots, their tokens, and where they send what people write."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from trinity_channels_telegram.simulator.chats import Chat

# https://core.telegram.org/bots/api#setwebhook: what a bot gets that asks for nothing.
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


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
