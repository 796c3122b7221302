"""Steps before the agent, each recorded in one transaction with what it decides."""

from __future__ import annotations

from datetime import datetime

from trinity_channels.access.login import Login
from trinity_channels.api import Channel
from trinity_channels.inbound.following import Following
from trinity_channels.inbound.group import GroupStep
from trinity_channels.inbound.next_step import DirectSteps, GroupSteps
from trinity_channels.inbound.step import Step
from trinity_channels.outbound.notices import Notices
from trinity_channels.store import Store, Tx, conversation_state
from trinity_channels.store.conversation_state import ConversationState


class Steps:
    """Takes the next step of a conversation in which no turn is open."""

    def __init__(
        self,
        store: Store,
        direct: DirectSteps,
        groups: GroupSteps,
        login: Login,
        notices: Notices,
    ) -> None:
        self._store = store
        self._direct = direct
        self._groups = groups
        self._login = login
        self._notices = notices

    async def take(self, state: ConversationState, manifest: Channel) -> Following:
        """Take one step.

        Raises:
            ProviderUnavailable: the provider could not be asked who writes.
        """
        if state.contact is None:
            step: Step | GroupStep | datetime = await self._groups.following(state, manifest)
        else:
            step = await self._direct.following(state, state.contact, manifest)
        return Following(at=step) if isinstance(step, datetime) else await self._taken(step)

    async def _taken(self, step: Step | GroupStep) -> Following:
        """Record a step; the transaction also reads what stands after it, for each one costs a wait."""
        conversation = step.state.conversation

        def take(tx: Tx) -> ConversationState | None:
            step.guesses.clear()  # a unit may run twice
            return conversation_state.load(tx, conversation) if step.take(tx) else None

        following = await self._store.write(take)
        self._login.count(step.guesses)
        self._notices.withheld(step.state, step.withheld)
        admitted = isinstance(step, Step) and following is not None and step.has_admitted(following)
        return Following(following, admitted=admitted)
