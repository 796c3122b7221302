"""The turn: what waits in one conversation goes through commands and the gate to the agent, and replies are queued.

Every step is decided and recorded in one transaction, so that a crash between two lines repeats a step and loses nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from trinity_channels.api import ProviderUnavailable
from trinity_channels.crypto.vault import VaultError
from trinity_channels.inbound.agent_turn import AgentTurns
from trinity_channels.inbound.asked_pause import asked_pause
from trinity_channels.inbound.first_attempt import FirstAttempts
from trinity_channels.inbound.following import Following
from trinity_channels.inbound.next_step import NextSteps
from trinity_channels.inbound.short_memory import ShortMemory
from trinity_channels.observability.log import get_logger
from trinity_channels.plugins import Plugins
from trinity_channels.refusal import Unavailable
from trinity_channels.store import Store, Tx, messages, turns
from trinity_channels.store.conversation_state import ConversationState, OpenTurn

log = get_logger(__name__)

HOUR = timedelta(hours=1)
RESOLVE_AGAIN = timedelta(seconds=15)
LOCKED_AGAIN = timedelta(minutes=5)
REMEMBERED = timedelta(minutes=1)
"""Longer than a burst, the time between two looks at a run, and "typing" after one."""


class Turns:
    """Runs the `turn:` keys: steps until a turn is open, then attempts until it has ended, and so on."""

    def __init__(
        self,
        store: Store,
        plugins: Plugins,
        next_steps: NextSteps,
        first_attempts: FirstAttempts,
        agent_turns: AgentTurns,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._next = next_steps
        self._first_attempts = first_attempts
        self._agent_turns = agent_turns
        self._now = now
        self._gathering: ShortMemory[tuple[datetime, Following]] = ShortMemory(REMEMBERED, now)
        self._followed: ShortMemory[tuple[ConversationState, OpenTurn]] = ShortMemory(REMEMBERED, now)

    async def run(self, conversation: int) -> datetime | None:
        """Do everything that waits in a conversation; returns when to come back, None if nothing is left."""
        # Only the first time: each step returns the state it has left, which saves a query.
        following = await self._found(conversation)
        await self._end_vanished(conversation, following.state)
        while (state := following.state) and (state.turn or state.waiting or state.held or state.needs_turn):
            if state.channel not in self._plugins:  # it could not be loaded this time; nothing is given up for that
                return self._now() + HOUR
            if not state.connected:
                # An answer could not be sent any more, and the person cannot be told.
                await self._drop(state)
                return None
            try:
                following = await self._work_on(state, following)
            except ProviderUnavailable as error:
                log.warning("sender not resolved", channel=state.channel, agent=state.agent, reason=error.message)
                # The messages wait; without the provider's word we do not know what the person may do.
                return self._now() + max(RESOLVE_AGAIN, asked_pause(error))
            except Unavailable as error:
                log.warning("directory not available", channel=state.channel, agent=state.agent, reason=error.message)
                # Not refused either: without an answer we do not know whether the person may chat.
                return self._now() + RESOLVE_AGAIN
            except VaultError as error:  # the operator can still bring the right key
                log.warning("secrets locked", channel=state.channel, agent=state.agent, reason=str(error))
                return self._now() + LOCKED_AGAIN
            if state.turn and state.turn.run and following.at:
                self._followed.keep(conversation, (state, state.turn))
        return following.at

    def forget(self) -> None:
        """Forget the conversations that have not run in this process for a while; texts are in what it remembers."""
        self._gathering.forget()
        self._followed.forget()

    async def _work_on(self, state: ConversationState, following: Following) -> Following:
        manifest = self._plugins[state.channel].manifest
        if state.turn:
            # An open turn comes first, so that answers keep the order of the questions.
            return await self._agent_turns.attempt(state, state.turn, manifest, admitted=following.admitted)
        step = await self._next.of(state, following.writers, manifest)
        if isinstance(step, datetime):
            self._gathering.keep(state.conversation, (step, following))
            return Following(at=step)
        return await self._first_attempts.take(step.remembered(following.remembered))

    async def _end_vanished(self, conversation: int, state: ConversationState | None) -> None:
        """Follow no run for a turn which is not open any more: its person has been erased."""
        before, turn = self._followed.take(conversation) or (None, None)
        if before and turn and not (state and state.turn and state.turn.id == turn.id):
            await self._agent_turns.drop(before, turn)

    async def _found(self, conversation: int) -> Following:
        """What stands in a conversation. At the end of a burst that is what was found when the wait began.

        Every message that comes meanwhile ends the wait, but perhaps in another process. So the transaction that records the
        step looks whether any other message waits.
        """
        at, found = self._gathering.take(conversation) or (None, None)
        if at and found and at <= (now := self._now()):
            return replace(found, remembered=now)
        return await self._next.read(conversation)

    async def _drop(self, state: ConversationState) -> None:
        now, turn, key = self._now(), state.turn, secrets.token_hex(16)

        def drop(tx: Tx) -> None:
            messages.drop(tx, [message.id for message in state.waiting], now)
            if turn:
                turns.disconnected(tx, turn.id, key, now)

        await self._store.write(drop)
        if turn:
            await self._agent_turns.drop(state, turn)
