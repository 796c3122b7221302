"""One conversation to read: what was said and what became of it, what can be done about what failed, what is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from trinity_channels.access.reading_records import Looked, ReadingRecords
from trinity_channels.authorisation import Authorisation
from trinity_channels.conversations.remedies import Outlook, Remedies
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.retention.periods import RetentionPeriods
from trinity_channels.store import Store, Tx, conversation_log
from trinity_channels.store.conversation_log import NEWEST, Heading, Log

PAGE = 50
"""Messages on one page."""


class ConversationNotFound(Refusal):
    """The agent has no conversation with this id."""

    def __init__(self) -> None:
        super().__init__("conversation_not_found", "This agent has no such conversation.")


@dataclass(frozen=True, slots=True)
class Reading:
    """A page of a conversation.

    Attributes:
        log: the messages with their deliveries, the failed turns and the access requests.
        resends: for each message that did not arrive as a whole, by its id.
        resubmits: for each failed turn, by its id.
        kept_days: after how many days texts are removed.
        closes_at: when free text can no longer be sent, unless the person writes again; None if there is no such limit.
    """

    log: Log
    resends: Mapping[int, Outlook]
    resubmits: Mapping[int, Outlook]
    kept_days: int
    closes_at: datetime | None

    @property
    def heading(self) -> Heading:
        """What the conversation is."""
        return self.log.heading

    @property
    def earlier(self) -> int | None:
        """The `before` with which the page of older messages is read; None if this is the oldest."""
        return self.log.said[0].id if self.log.more else None


class Conversations:
    """Reads them, for owners and administrators; who reads is on record."""

    def __init__(
        self,
        store: Store,
        may: Authorisation,
        records: ReadingRecords,
        remedies: Remedies,
        periods: RetentionPeriods,
    ) -> None:
        self._store = store
        self._may = may
        self._records = records
        self._remedies = remedies
        self._periods = periods

    async def read(self, principal: Principal, agent: str, conversation: int, before: int | None = None) -> Reading:
        """The newest messages, or those before the message with an id.

        Raises:
            Refusal: the principal may not manage the agent.
            ConversationNotFound: the agent has no such conversation, or its person was erased.
        """
        await self._may.owner(principal, agent)

        def unit(tx: Tx) -> Reading:
            log = conversation_log.read(tx, agent, conversation, before or NEWEST, PAGE)
            if log is None:
                raise ConversationNotFound
            resends, resubmits = self._remedies.of_messages(tx, log), self._remedies.of_turns(log)
            return Reading(
                log, resends, resubmits, self._periods.days(tx, agent), self._remedies.closes_at(log.heading)
            )

        found = await self._store.read(unit)
        # Before it is shown: what cannot be recorded is not read.
        await self._records.note(principal, [Looked(agent, found.heading.channel, conversation)])
        return found
