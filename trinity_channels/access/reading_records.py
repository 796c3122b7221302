"""Puts on record who read what people wrote: once an hour for each reader and conversation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from trinity_channels.principal import Principal
from trinity_channels.store import Store, Tx, audit

ONCE_IN = timedelta(hours=1)
ACTION: audit.Action = "read_conversation"


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at: a conversation, or of an agent the list with the last words of each (None).

    `requests`: instead of these, the access requests with what was written first.
    """

    agent: str
    channel: str = ""
    conversation: int | None = None
    requests: bool = False

    @property
    def details(self) -> Mapping[str, object]:
        """How the audit log tells it."""
        if self.requests:
            return {"requests": True}
        return {"list": True} if self.conversation is None else {"conversation": self.conversation}


class ReadingRecords:
    """Keeps them in the audit log."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    async def note(self, principal: Principal, looks: Collection[Looked]) -> None:
        """Record that someone looks at something, unless that was recorded within the hour.

        Raises:
            StoreError: it cannot be recorded; then it must not be shown either.
        """
        now = self._now()

        def missing(tx: Tx) -> list[Looked]:
            return [
                one
                for one in looks
                if not audit.noted(tx, one.agent, ACTION, principal.actor, one.details, now - ONCE_IN)
            ]

        # First without a writing transaction: most pages are opened several times, and kept up to date while they are open.
        if not await self._store.read(missing):
            return

        def write(tx: Tx) -> None:
            for one in missing(tx):
                audit.add(tx, now, principal.actor, ACTION, agent=one.agent, channel=one.channel, details=one.details)

        await self._store.write(write)
