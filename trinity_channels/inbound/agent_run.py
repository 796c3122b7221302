"""One attempt that is on record: the agent is called, and what that came to is recorded."""

from __future__ import annotations

import asyncio

from trinity_channels.agents.port import AgentFailed, AgentUnavailable, Working
from trinity_channels.api import Channel
from trinity_channels.inbound.agent_call import AgentCall
from trinity_channels.inbound.attempt import Attempt, request
from trinity_channels.inbound.attempts import Attempts
from trinity_channels.inbound.endings import Endings
from trinity_channels.inbound.following import Following
from trinity_channels.store.conversation_state import ConversationState, OpenTurn


class AgentRuns:
    """Makes attempts. The slot is needed for `answered` alone."""

    def __init__(self, attempts: Attempts, agent: AgentCall, endings: Endings) -> None:
        self._attempts = attempts
        self._agent = agent
        self._endings = endings

    async def answered(
        self, state: ConversationState, turn: OpenTurn, manifest: Channel, attempt: Attempt
    ) -> str | Following:
        """What the agent says; or what stands after it failed, which is on record then."""
        try:
            # Within the attempt, as it calls the provider: what hangs there is counted, too.
            attempt = await self._attempts.completed(state, manifest, attempt)
            asked = request(state, turn, attempt)
            answer = await self._agent.answer(state, asked, attempt.messages)
        except AgentUnavailable as error:
            return await self._endings.retry(state, turn, manifest, error)
        except AgentFailed as error:
            return await self._endings.fail(state, turn, manifest, error)
        except asyncio.CancelledError:
            # Shielded, for the cancellation that ends this task must not end the write as well.
            await asyncio.shield(self._attempts.uncount([turn]))
            raise

        return await self._followed(state, turn, answer) if isinstance(answer, Working) else answer

    async def _followed(self, state: ConversationState, turn: OpenTurn, working: Working) -> Following:
        following = await self._endings.follow(turn, working)
        if following.at is None:  # the turn has ended meanwhile
            await self._agent.stop_showing(state)
        return following

    async def stop_showing(self, state: ConversationState, turn: OpenTurn) -> None:
        """No one may have the answer to a turn any more: do not show that an agent is at work on it."""
        if turn.run:
            await self._agent.stop_showing(state)

    async def ended(
        self, state: ConversationState, turn: OpenTurn, manifest: Channel, attempt: Attempt, answer: str | Following
    ) -> Following:
        """Record what the agent has said."""
        if isinstance(answer, Following):
            return answer
        return await self._endings.answer(state, turn, manifest, answer, attempt)
