"""What the next step in a conversation is made with: who writes, what they may do, and which messages belong together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from trinity_channels.access.login import Login
from trinity_channels.access.self_service import SelfService
from trinity_channels.api import Channel
from trinity_channels.inbound.commands import Expecting
from trinity_channels.inbound.gather import Bursts
from trinity_channels.inbound.group import GroupStep
from trinity_channels.inbound.prepare import Preparation
from trinity_channels.inbound.senders import Senders
from trinity_channels.inbound.step import Step
from trinity_channels.inbound.writers import Writers
from trinity_channels.outbound.notices import Notices
from trinity_channels.store.conversation_state import Contact, ConversationState


class DirectSteps:
    """Prepares the steps of direct chats."""

    def __init__(
        self,
        senders: Senders,
        preparation: Preparation,
        self_service: SelfService,
        notices: Notices,
        bursts: Bursts,
        now: Callable[[], datetime],
    ) -> None:
        self._senders = senders
        self._preparation = preparation
        self._self_service = self_service
        self._notices = notices
        self._bursts = bursts
        self._now = now

    async def following(self, state: ConversationState, contact: Contact, manifest: Channel) -> Step | datetime:
        """The next step, or when a burst is complete that someone is still writing.

        Raises:
            ProviderUnavailable: the provider could not be asked about the person.
        """
        contact = await self._senders.resolved(state, contact)
        expecting = await self._preparation.expecting(state, contact, manifest)
        if at := self._bursts.complete_at(state.waiting, expecting, self._now()):
            return at
        state, stale = self._bursts.of_one_age(state, self._now())
        return Step(
            state=state,
            contact=contact,
            manifest=manifest,
            prepared=await self._preparation.of(state, contact, manifest, expecting, stale=stale),
            self_service=self._self_service,
            notices=self._notices,
            now=self._now(),
            quiet=stale,
        )


class GroupSteps:
    """Prepares the steps of groups."""

    def __init__(
        self, writers: Writers, login: Login, notices: Notices, bursts: Bursts, now: Callable[[], datetime]
    ) -> None:
        self._writers = writers
        self._login = login
        self._notices = notices
        self._bursts = bursts
        self._now = now

    async def following(self, state: ConversationState, manifest: Channel) -> GroupStep | datetime:
        """The next step, or when a burst is complete that someone is still writing.

        Raises:
            ProviderUnavailable: the provider could not be asked about a writer.
        """
        now = self._now()
        if at := self._bursts.complete_at(state.waiting, Expecting(), now):
            return at
        state, stale = self._bursts.of_one_age(state, now)
        known = await self._writers.of(state)
        return GroupStep(
            state=state,
            writers=known.people,
            access=known.access,
            manifest=manifest,
            login=self._login,
            notices=self._notices,
            now=now,
            quiet=stale,
        )
