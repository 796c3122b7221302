"""Attempts at a turn: counted before they are made, so that one that kills the process is not repeated indefinitely."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from trinity_channels import lease
from trinity_channels.access.disclosure import Disclosure
from trinity_channels.access.public_instructions import InstructionSettings, PublicInstructions
from trinity_channels.api import Channel
from trinity_channels.inbound.attempt import Attempt
from trinity_channels.inbound.following import Following
from trinity_channels.inbound.quotes import Quotes
from trinity_channels.store import Store, Tx, conversation_state, turns
from trinity_channels.store.conversation_state import ConversationState, OpenTurn
from trinity_channels.store.database import Unit

T = TypeVar("T")


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

        def begin(tx: Tx) -> Attempt | Following:
            if not turns.attempt(tx, turn.id, now):  # its person has been erased
                return Following(conversation_state.load_work(tx, state.conversation))
            # Read in the transaction that counts: what was erased or rewritten since the turn began is not given away.
            return self.read(tx, state, turn)

        return await self.counting(begin, lambda found: turn if isinstance(found, Attempt) else None)

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
        if not counted:
            return await self._store.read(begin)
        return await self.counting(begin, lambda found: turn if isinstance(found, Attempt) else None)

    def read(self, tx: Tx, state: ConversationState, turn: OpenTurn) -> Attempt:
        """Within the transaction that counts an attempt: what it is made with."""
        messages = conversation_state.of_turn(tx, turn.id)
        history = conversation_state.history(tx, state.conversation, turn.id)
        instructions = self._instructions.of(tx, state.agent)
        return Attempt(messages, history, instructions, self._disclosure.before(tx, state, messages[0].at))

    async def completed(self, state: ConversationState, manifest: Channel, attempt: Attempt) -> Attempt:
        """The attempt with what its messages quote, as far as the provider can say; raises nothing."""
        return await self._quotes.completed(state, manifest, attempt)

    async def counting(self, unit: Unit[T], counted: Callable[[T], OpenTurn | None]) -> T:
        """Write a unit that may count an attempt; if the caller is cancelled meanwhile, the attempt is not made.

        Args:
            unit: the unit.
            counted: the turn whose attempt is counted where the unit has returned this, None if there is none.
        """
        writing = asyncio.ensure_future(self._store.write(unit))
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.shield(self._take_back(writing, counted))
            raise

    async def _take_back(self, writing: asyncio.Future[T], counted: Callable[[T], OpenTurn | None]) -> None:
        # Only once the unit has ended: on PostgreSQL it runs in a thread, beside others, and may be repeated.
        await asyncio.wait([writing])
        if writing.cancelled() or writing.exception():
            return
        if turn := counted(writing.result()):
            await self.uncount(turn)

    async def uncount(self, turn: OpenTurn) -> None:
        """Neither a graceful shutdown nor a lost lease counts as a failed attempt: neither is the turn's fault."""
        with lease.undoing():
            await self._store.write(lambda tx: turns.uncount(tx, turn))
