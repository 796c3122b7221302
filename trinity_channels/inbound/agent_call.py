"""One call of the agent: whatever an AgentRuntime does, it ends with an answer or with one of our errors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

from trinity_channels import lease
from trinity_channels.agents.answer import words
from trinity_channels.agents.port import AgentError, AgentFailed, AgentRuntime, AgentTimeout, AgentTurn, Working
from trinity_channels.inbound.indicate import Indicator
from trinity_channels.observability.log import get_logger
from trinity_channels.observability.metrics import Metrics
from trinity_channels.store.conversation_state import ConversationState, Message

log = get_logger(__name__)

LONGEST_RUN = timedelta(hours=2)
"""After which a run is given up whose AgentRuntime has no time-out: it would hold its slot indefinitely."""
LONGEST_NAME = 200


class AgentCall:
    """Calls the agent, and shows the person that it is working."""

    def __init__(self, agents: AgentRuntime, indicator: Indicator, metrics: Metrics) -> None:
        self._agents = agents
        self._indicator = indicator
        self._metrics = metrics

    async def answer(self, state: ConversationState, turn: AgentTurn, messages: Sequence[Message]) -> str | Working:
        """What the agent says; empty if that is nothing. `Working` if it says that later.

        Raises:
            AgentError: it did not answer. An AgentRuntime may be anyone's code: every other error becomes `AgentFailed`.
        """
        try:
            # Entered after the slot is held: people who wait in the queue are not shown that an agent is at work.
            async with (
                asyncio.timeout(LONGEST_RUN.total_seconds()),
                self._indicator.while_running(state, messages) as shown,
            ):
                began = time.perf_counter()
                # It may run within this process, where no request of ours begins it.
                lease.check()
                answer: object = await self._agents.run(turn)
                shown.goes_on = isinstance(answer, Working)
        except AgentError:
            raise
        except TimeoutError as error:
            raise AgentTimeout("no answer, and no error either") from error
        except asyncio.CancelledError as error:
            # Only a cancellation of our own task means that the host stops. One that comes out of the agent's code by
            # itself would otherwise look like a shutdown, and the turn would be tried again without ever being counted.
            task = asyncio.current_task()
            if task and task.cancelling():
                raise
            raise AgentFailed("the agent cancelled its own run") from error
        except Exception as error:
            log.exception("agent broke", agent=state.agent, error=type(error).__name__)
            raise AgentFailed(f"the agent broke ({type(error).__name__})") from error
        if isinstance(answer, Working):
            return _checked(answer)
        if not turn.run:  # of those that were followed, the time of the last question says nothing
            self._metrics.agent_seconds.observe(time.perf_counter() - began)
        # Checked at run time: nothing forces code that others wrote to return a string.
        return words(answer)

    async def stop_showing(self, state: ConversationState) -> None:
        """The answer of a run that was followed is not wanted any more."""
        await self._indicator.end(state.conversation)


def _checked(working: Working) -> Working:
    if not isinstance(working.run, str) or not 0 < len(working.run) <= LONGEST_NAME:
        raise AgentFailed(f"expected 1 to {LONGEST_NAME} characters as the name of a run")
    return working
