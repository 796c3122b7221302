"""An open turn: one attempt after another, each under a slot, until it has ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from trinity_channels.api import Channel
from trinity_channels.inbound.admission import Admission
from trinity_channels.inbound.agent_run import AgentRuns
from trinity_channels.inbound.attempts import Attempts
from trinity_channels.inbound.endings import LONGEST_PAUSE, Endings
from trinity_channels.inbound.fair_slots import FairSlots
from trinity_channels.inbound.following import Following
from trinity_channels.store.conversation_state import ConversationState, OpenTurn
from trinity_channels.store.turns import Cause

ATTEMPTS = 3
"""Runs that may die under a turn before it is parked."""


class AgentTurns:
    """Makes the attempts. Only agents wait for a slot; commands and the gate answer at once, whatever the agents do."""

    def __init__(
        self,
        admission: Admission,
        slots: FairSlots,
        attempts: Attempts,
        runs: AgentRuns,
        endings: Endings,
        now: Callable[[], datetime],
    ) -> None:
        self._admission = admission
        self._slots = slots
        self._attempts = attempts
        self._runs = runs
        self._endings = endings
        self._now = now

    async def attempt(
        self, state: ConversationState, turn: OpenTurn, manifest: Channel, *, admitted: bool
    ) -> Following:
        """Run the agent once, unless the turn has to wait or to end without it.

        Args:
            state: the conversation.
            turn: its open turn.
            manifest: that of its channel.
            admitted: the gate has just let the turn through, so that it is not asked again.

        Raises:
            ProviderUnavailable: whether it still vouches for the person could not be asked.
        """
        now = self._now()
        if turn.next_at and now < turn.next_at <= now + LONGEST_PAUSE:  # further ahead: the clock was set back
            return Following(at=turn.next_at)
        # Attempts are counted before they are made, so this many have ended without a record: the process died in them.
        if turn.attempts >= ATTEMPTS:
            return await self._endings.give_up(state, turn, manifest, "the process died in every attempt", Cause.HOST)
        # Before the slot is taken, so that a person who is shut out does not wait in line, and takes no place in it.
        if not admitted:
            state = await self._admission.present(state)
            if not await self._admission.admits(state):
                following = await self._endings.withdraw(state, turn)
                await self._runs.stop_showing(state, turn)
                return following
        if why := self._admission.parked(state, turn, manifest):
            return await self._endings.give_up(state, turn, manifest, why, Cause.LATE)
        if turn.run:
            return await self._runs.looked(state, turn, manifest)  # which needs no slot
        async with self._slots.slot(state.agent, turn.writer) as waited:
            # Without a wait nothing has changed since the checks above, and the query is saved.
            if waited and (lapsed := await self._admission.lapsed(state.conversation, turn, manifest)) is not None:
                return lapsed
            attempt = await self._attempts.begin(state, turn)
            if isinstance(attempt, Following):
                return attempt
            answer = await self._runs.answered(state, turn, manifest, attempt)
        # The slot is free again by now: recording an answer needs none.
        return await self._runs.ended(state, turn, manifest, attempt, answer)

    async def drop(self, state: ConversationState, turn: OpenTurn) -> None:
        """A turn has ended while its run was followed: the channel was disconnected, or the person erased."""
        await self._runs.stop_showing(state, turn)
