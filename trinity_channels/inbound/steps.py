"""Steps before the agent, each recorded in one transaction with what it decides."""

from __future__ import annotations

from dataclasses import replace

from trinity_channels.access.login import Login
from trinity_channels.inbound.attempts import Attempts
from trinity_channels.inbound.basis import lacks, still_waits
from trinity_channels.inbound.following import Following
from trinity_channels.inbound.group import GroupStep
from trinity_channels.inbound.step import Step
from trinity_channels.outbound.notices import Notices
from trinity_channels.store import Tx, conversation_state
from trinity_channels.store.conversation_state import OpenTurn


class Steps:
    """Records steps; the transaction also reads what stands after one, for each transaction costs a wait."""

    def __init__(self, login: Login, notices: Notices, attempts: Attempts) -> None:
        self._login = login
        self._notices = notices
        self._attempts = attempts

    async def record(self, step: Step | GroupStep, *, runs: bool = False) -> Following:
        """Take a step, if the conversation is still in the state that it was prepared for.

        Args:
            step: the step.
            runs: a slot is held, so that the first attempt at a turn that is opened is made at once: it is counted here.
        """

        def take(tx: Tx) -> Following:
            step.noted.clear()  # a unit may run twice
            return self._take(tx, step, runs=runs)

        following = await self._attempts.counting(take, _counted)
        self._login.count(step.noted.guesses)
        self._notices.withheld(step.state, step.noted.withheld)
        return following

    def _take(self, tx: Tx, step: Step | GroupStep, *, runs: bool) -> Following:
        conversation = step.state.conversation
        fresh = conversation_state.load(tx, conversation)
        if fresh and lacks(step.state, fresh, step.situation.remembered):
            return Following(fresh)
        # Not of someone who was erased meanwhile, whose messages do not wait any more: their name would come back.
        if step.situation.keeps and fresh and still_waits(step.state, fresh):
            for keep in step.situation.keeps:
                keep(tx)
            fresh = conversation_state.load(tx, conversation)
        same = step.on(tx, fresh) if fresh else None
        if fresh is None or same is None:
            return Following(fresh)
        taken = same.take(tx, attempts=int(runs))
        if taken.turn is None:
            return Following(conversation_state.load_work(tx, conversation) if taken.goes_on else None)
        waiting = taken.left + fresh.waiting[len(same.state.waiting) :]
        # Put together and not read again, which saves a query for nearly every message.
        after = replace(fresh, turn=taken.turn, waiting=waiting, needs_turn=False)
        attempt = self._attempts.read(tx, after, taken.turn) if runs else None
        return Following(after, admitted=True, attempt=attempt)


def _counted(following: Following) -> OpenTurn | None:
    """The turn whose first attempt a step has counted."""
    return following.state.turn if following.state and following.attempt else None
