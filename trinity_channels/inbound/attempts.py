"""Attempts at a turn: counted before they are made, so that one that kills the process is not repeated indefinitely."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from trinity_channels.access.disclosure import Disclosure
from trinity_channels.api import Channel
from trinity_channels.inbound.attempt import Attempt
from trinity_channels.inbound.quotes import Quotes
from trinity_channels.store import Store, Tx, turns
from trinity_channels.store.conversation_state import ConversationState, OpenTurn


class Attempts:
    """Begins attempts with everything that the agent is given."""

    def __init__(self, store: Store, quotes: Quotes, disclosure: Disclosure, now: Callable[[], datetime]) -> None:
        self._store = store
        self._quotes = quotes
        self._disclosure = disclosure
        self._now = now

    async def begin(self, state: ConversationState, turn: OpenTurn) -> Attempt:
        """Count an attempt and read what it is made with."""
        now = self._now()

        def begin(tx: Tx) -> Attempt:
            messages, history = turns.attempt(tx, state.conversation, turn.id, now)
            return Attempt(messages, history, self._disclosure.before(tx, state, messages[0].at))

        return await self._store.write(begin)

    async def completed(self, state: ConversationState, manifest: Channel, attempt: Attempt) -> Attempt:
        """The attempt with what its messages quote, as far as the provider can say; raises nothing."""
        return await self._quotes.completed(state, manifest, attempt)

    async def uncount(self, turn: OpenTurn) -> None:
        """A graceful shutdown does not count as a failed attempt."""
        await self._store.write(lambda tx: turns.uncount(tx, turn.id))
