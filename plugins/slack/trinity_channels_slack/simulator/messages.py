"""Messages and the conversations they stand in: direct chats and channels, threads by the root's `ts`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class Message:
    """One message. `user` wrote it; `bot_id` is set if an app did; `metadata` is what `chat.postMessage` was given."""

    ts: str
    user: str
    text: str
    thread_ts: str = ""
    bot_id: str = ""
    app_id: str = ""
    subtype: str = ""
    files: list[dict[str, Any]] = field(default_factory=list)
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    reactions: dict[str, set[str]] = field(default_factory=dict)

    def fields(self, *, all_metadata: bool = True) -> dict[str, Any]:
        """As the API and the events show it; without `all_metadata` only the type of the metadata."""
        shown: dict[str, Any] = {"type": "message", "user": self.user, "text": self.text, "ts": self.ts}
        if self.subtype:
            shown["subtype"] = self.subtype
        if self.thread_ts:
            shown["thread_ts"] = self.thread_ts
        beside = {"files": self.files, "blocks": self.blocks, "attachments": self.attachments}
        shown |= {name: value for name, value in beside.items() if value}
        if self.bot_id:
            profile = {"id": self.bot_id, "app_id": self.app_id}
            shown |= {"bot_id": self.bot_id, "app_id": self.app_id, "bot_profile": profile}
        if self.metadata:
            shown["metadata"] = self.metadata if all_metadata else {"event_type": self.metadata["event_type"]}
        if self.reactions:
            shown["reactions"] = [
                {"name": name, "users": sorted(users), "count": len(users)} for name, users in self.reactions.items()
            ]
        return shown


@dataclass(slots=True, eq=False)
class Conversation:
    """A direct chat (`im`) or a channel; `members` are user ids, `joined` says whether the app is in it."""

    id: str
    name: str = ""
    kind: str = "channel"
    members: set[str] = field(default_factory=set)
    joined: bool = True
    archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)

    def root(self, ts: str) -> Message | None:
        """The message that a thread hangs from."""
        found = self.messages.get(ts)
        # Any message of a thread names it, not only the first.
        return self.messages.get(found.thread_ts, found) if found and found.thread_ts else found

    def add(self, message: Message) -> None:
        """Keep a message; a root has its thread from the first reply on."""
        self.messages[message.ts] = message
        # Only then does a root carry thread_ts, equal to its own ts.
        if message.thread_ts and (root := self.messages.get(message.thread_ts)):
            root.thread_ts = root.ts

    def history(self) -> Iterator[Message]:
        """What stands in the conversation itself, newest first; replies stand in their threads."""
        return (one for one in reversed(self.messages.values()) if one.thread_ts in {"", one.ts})

    def replies(self, root: Message) -> Iterator[Message]:
        """A thread with its root, oldest first."""
        return (one for one in self.messages.values() if one is root or one.thread_ts == root.ts)
