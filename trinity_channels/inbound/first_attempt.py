"""A step that probably opens a turn gets its slot first: one transaction then opens the turn and counts its attempt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from trinity_channels.inbound.agent_run import AgentRuns
from trinity_channels.inbound.fair_slots import FairSlots
from trinity_channels.inbound.following import Following
from trinity_channels.inbound.group import GroupStep
from trinity_channels.inbound.next_step import NextSteps
from trinity_channels.inbound.step import Step
from trinity_channels.inbound.steps import Steps

AGED = timedelta(minutes=1)
"""A wait for a slot after which a step is prepared again: how late it is, and what providers say, may have changed."""


class FirstAttempts:
    """Takes steps, and runs the agent for the turns that they open.

    Steps that open none, such as commands and what the gate holds, wait for no slot.
    """

    def __init__(
        self, slots: FairSlots, next_steps: NextSteps, steps: Steps, runs: AgentRuns, now: Callable[[], datetime]
    ) -> None:
        self._slots = slots
        self._next = next_steps
        self._steps = steps
        self._runs = runs
        self._now = now

    async def take(self, step: Step | GroupStep) -> Following:
        """Take a step, and make the first attempt at the turn that it opens.

        Raises:
            ProviderUnavailable: after a wait for the slot, the provider could not be asked who writes.
        """
        writer = step.expected_writer
        if writer is None:
            return await self._steps.record(step)
        async with self._slots.slot(step.state.agent, writer) as waited:
            if waited:
                now = self._now()
                # After a short wait that no directory has a say in, what was prepared still holds.
                holds = not step.depends_on_access and now - step.situation.now < AGED
                again = step.at(now) if holds else await self._next.again(step)
                if isinstance(again, Following):
                    return again
                step = again
            following = await self._steps.record(step, runs=step.expected_writer is not None)
            state, attempt = following.state, following.attempt
            if attempt is None or state is None or state.turn is None:
                return following
            answer = await self._runs.answered(state, state.turn, step.situation.manifest, attempt)
        return await self._runs.ended(state, state.turn, step.situation.manifest, attempt, answer)
