"""Attempts at a turn: counted before they are made, so that one that kills the process is not repeated indefinitely."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from trinity_channels.access.disclosure import Disclosure
from trinity_channels.access.public_instructions import InstructionSettings, PublicInstructions
from trinity_channels.api import Channel
from trinity_channels.inbound.attempt import Attempt
from trinity_channels.inbound.following import Following
from trinity_channels.inbound.quotes import Quotes
from trinity_channels.store import Store, Tx, conversation_state, turns
from trinity_channels.store.conversation_state import ConversationState, OpenTurn


class Attempts:
    """Begins attempts with everything that the agent is given."""

    def __init__(
        self,
        store: Store,
        quotes: Quotes,
        instructions: InstructionSettings,
        disclosure: Disclosure,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._quotes = quotes
        self._instructions = instructions
        self._disclosure = disclosure
        self._now = now

    async def begin(self, state: ConversationState, turn: OpenTurn) -> Attempt | Following:
        """Count an attempt and read what it is made with; or what stands instead, if the turn has ended meanwhile."""
        now = self._now()
        counted: list[OpenTurn] = []

        def begin(tx: Tx) -> Attempt | Following:
            if not turns.attempt(tx, turn.id, now):  # its person has been erased
                return Following(conversation_state.load_work(tx, state.conversation))
            counted[:] = [turn]  # a unit may run twice
            # Read in the transaction that counts: what was erased or rewritten since the turn began is not given away.
            return self.read(tx, state, turn)

        try:
            return await self._store.write(begin)
        except asyncio.CancelledError:
            await asyncio.shield(self.uncount(counted))
            raise

    async def look(self, state: ConversationState, turn: OpenTurn, *, counted: bool) -> Attempt | Following:
        """The same for an attempt that asks for a run which goes on; it is counted, which takes a write, with `counted`."""

        def begin(tx: Tx) -> Attempt | Following:
            open_still = not counted or turns.attempt(tx, turn.id, now)
            messages = conversation_state.of_turn(tx, turn.id) if open_still else ()
            if not messages:  # its person has been erased
                return Following(conversation_state.load_work(tx, state.conversation))
            # The agent has everything else since the run began.
            disclosure = self._disclosure.before(tx, state, messages[0].at)
            return Attempt(tuple(messages), (), PublicInstructions(), disclosure)

        now = self._now()
        return await (self._store.write(begin) if counted else self._store.read(begin))

    def read(self, tx: Tx, state: ConversationState, turn: OpenTurn) -> Attempt:
        """Within the transaction that counts an attempt: what it is made with."""
        messages = conversation_state.of_turn(tx, turn.id)
        history = conversation_state.history(tx, state.conversation, turn.id)
        instructions = self._instructions.of(tx, state.agent)
        return Attempt(messages, history, instructions, self._disclosure.before(tx, state, messages[0].at))

    async def completed(self, state: ConversationState, manifest: Channel, attempt: Attempt) -> Attempt:
        """The attempt with what its messages quote, as far as the provider can say; raises nothing."""
        return await self._quotes.completed(state, manifest, attempt)

    async def uncount(self, counted: Sequence[OpenTurn]) -> None:
        """A graceful shutdown does not count as a failed attempt.

        The turns are looked at in the transaction: what a cancelled caller gave to the store is still written, before this.
        """

        def uncount(tx: Tx) -> None:
            for turn in counted:
                turns.uncount(tx, turn)

        await self._store.write(uncount)
