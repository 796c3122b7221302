"""Whether an open turn may still be run: it may be tried again, or resubmitted, long after the gate admitted it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from trinity_channels.access.directory import Directory, is_suspended
from trinity_channels.access.gate import Decision
from trinity_channels.api import Channel
from trinity_channels.inbound import overdue
from trinity_channels.inbound.following import Following
from trinity_channels.inbound.gate import decision
from trinity_channels.inbound.senders import Senders
from trinity_channels.outbound.lateness import Lateness
from trinity_channels.store import Store, conversation_state
from trinity_channels.store.conversation_state import ConversationState, OpenTurn


class Admission:
    """Asks the gate again, and checks how late it is."""

    def __init__(
        self,
        store: Store,
        senders: Senders,
        directory: Directory,
        lateness: Lateness,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._senders = senders
        self._directory = directory
        self._lateness = lateness
        self._now = now

    async def present(self, state: ConversationState) -> ConversationState:
        """The conversation with its person as the provider vouches for them now.

        Raises:
            ProviderUnavailable: it could not be asked.
        """
        return replace(state, contact=await self._senders.still(state, state.contact)) if state.contact else state

    async def admits(self, state: ConversationState) -> bool:
        """Whether the gate is still open. In a group it was asked for each message."""
        contact = state.contact
        if contact is None:
            return True
        gate = partial(decision, state, contact.email, blocked=contact.blocked)
        if await is_suspended(self._directory, contact.email):
            return False
        # Decided without the directory where that is enough: it costs a query, or a call of the host's own code.
        if gate(has_access=False) is Decision.ALLOW:
            return True
        # No access helps then, so the directory need not be asked.
        if contact.email is None or contact.blocked:
            return False
        return gate(has_access=await self._directory.may_use(state.agent, contact.email)) is Decision.ALLOW

    def parked(self, state: ConversationState, turn: OpenTurn, manifest: Channel) -> str:
        """Why a turn is left to the owner, since it comes too late; empty if it may be answered now."""
        return overdue.parked(self._lateness, manifest, state, turn, self._now())

    async def lapsed(self, conversation: int, turn: OpenTurn, manifest: Channel) -> Following | None:
        """What stands in place of a turn that may not be run any more; None if it may be.

        Asked after it has waited for a slot: minutes may have passed.
        """
        state = await self._store.lookup(partial(conversation_state.load, conversation=conversation))
        # The owner can disconnect, erase or withdraw while a turn waits in the queue.
        if state is None or not state.connected or state.turn is None or state.turn.id != turn.id:
            return Following(state)
        due = await self.admits(state) and not self.parked(state, state.turn, manifest)
        return None if due else Following(state)
