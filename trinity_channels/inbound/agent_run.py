"""One attempt that is on record: the agent is called, and what that came to is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from trinity_channels.agents.port import AgentFailed, AgentUnavailable, Working
from trinity_channels.api import Channel
from trinity_channels.inbound.agent_call import AgentCall
from trinity_channels.inbound.attempt import Attempt, request
from trinity_channels.inbound.attempts import Attempts
from trinity_channels.inbound.endings import Endings
from trinity_channels.inbound.following import Following
from trinity_channels.inbound.short_memory import ShortMemory
from trinity_channels.lease import LeaseLost
from trinity_channels.store.conversation_state import ConversationState, OpenTurn

FOLLOWED = timedelta(minutes=10)
"""After which a run that was followed here is looked at as by another process: then others have."""


class AgentRuns:
    """Makes attempts. The slot is needed for `answered` alone."""

    def __init__(self, attempts: Attempts, agent: AgentCall, endings: Endings, now: Callable[[], datetime]) -> None:
        self._attempts = attempts
        self._agent = agent
        self._endings = endings
        self._followed_here: ShortMemory[bool] = ShortMemory(FOLLOWED, now)

    async def answered(
        self, state: ConversationState, turn: OpenTurn, manifest: Channel, attempt: Attempt, *, counted: bool = True
    ) -> str | Following:
        """What the agent says; or what stands after it failed, which is on record then; `counted`: the attempt is."""
        try:
            if not turn.run:
                # Within the attempt, as it calls the provider: what hangs there is counted, too.
                attempt = await self._attempts.completed(state, manifest, attempt)
            asked = request(state, turn, attempt)
            answer = await self._agent.answer(state, asked, attempt.messages)
        except AgentUnavailable as error:
            return await self._endings.retry(state, turn, manifest, error, counted=counted)
        except AgentFailed as error:
            return await self._endings.fail(state, turn, manifest, error)
        except (asyncio.CancelledError, LeaseLost):
            if counted:
                # Shielded, for the cancellation that ends this task must not end the write as well.
                await asyncio.shield(self._attempts.uncount(turn))
            raise

        if not isinstance(answer, Working):
            return answer
        following = await self._endings.follow(state, turn, answer, counted=counted)
        if following.at is None:  # the turn has ended meanwhile
            await self._agent.stop_showing(state)
        else:
            self._followed_here.keep(turn.id, value=True)
        return following

    async def looked(self, state: ConversationState, turn: OpenTurn, manifest: Channel) -> Following:
        """Ask for the answer of a run that goes on elsewhere.

        That is counted as an attempt only if none has come back in this process: a run that is followed for long costs one
        write for each look.
        """
        counted = not self._followed_here.take(turn.id)
        attempt = await self._attempts.look(state, turn, counted=counted)
        if isinstance(attempt, Following):
            await self.stop_showing(state, turn)
            return attempt
        answer = await self.answered(state, turn, manifest, attempt, counted=counted)
        return await self.ended(state, turn, manifest, attempt, answer)

    async def stop_showing(self, state: ConversationState, turn: OpenTurn) -> None:
        """No one may have the answer to a turn any more: do not show that an agent is at work on it."""
        self._followed_here.take(turn.id)
        if turn.run:
            await self._agent.stop_showing(state)

    async def ended(
        self, state: ConversationState, turn: OpenTurn, manifest: Channel, attempt: Attempt, answer: str | Following
    ) -> Following:
        """Record what the agent has said."""
        if isinstance(answer, Following):
            return answer
        return await self._endings.answer(state, turn, manifest, answer, attempt)
