"""What the next step in a conversation is made with: who writes, what they may do, and which messages belong together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from trinity_channels.access.login import Login
from trinity_channels.api import Channel
from trinity_channels.inbound.basis import lacks, still_waits
from trinity_channels.inbound.commands import Expecting
from trinity_channels.inbound.following import Following
from trinity_channels.inbound.gather import Bursts
from trinity_channels.inbound.group import GroupStep
from trinity_channels.inbound.prepare import Preparation
from trinity_channels.inbound.senders import Senders, Writer
from trinity_channels.inbound.situation import Situation
from trinity_channels.inbound.step import Means, Step
from trinity_channels.inbound.writers import Writers
from trinity_channels.outbound.notices import Notices
from trinity_channels.store import Store, Tx, conversation_state
from trinity_channels.store.conversation_state import ConversationState


class DirectSteps:
    """Prepares the steps of direct chats."""

    def __init__(
        self,
        senders: Senders,
        preparation: Preparation,
        means: Means,
        bursts: Bursts,
        now: Callable[[], datetime],
    ) -> None:
        self._senders = senders
        self._preparation = preparation
        self._means = means
        self._bursts = bursts
        self._now = now

    async def following(self, state: ConversationState, writer: Writer, manifest: Channel) -> Step | datetime:
        """The next step, or when a burst is complete that someone is still writing.

        Raises:
            ProviderUnavailable: the provider could not be asked about the person.
        """
        expecting = await self._preparation.expecting(state, writer.contact, manifest)
        # Before the provider is asked: while a burst goes on, it would be asked for every message.
        if at := self._bursts.complete_at(state.waiting, expecting, self._now()):
            return at
        resolved = await self._senders.resolved(state, writer)
        contact = resolved.contact
        # The provider's word may change how the messages are to be understood.
        if (contact.email, contact.blocked) != (writer.contact.email, writer.contact.blocked):
            expecting = await self._preparation.expecting(state, contact, manifest)
        # After an outage old and new messages wait together; one answer cannot be late and prompt at once.
        state, stale = self._bursts.of_one_age(state, self._now())
        prepared = await self._preparation.of(state, contact, manifest, expecting, stale=stale)
        situation = Situation(manifest, self._now(), stale, tuple(filter(None, [resolved.keep])))
        return Step(state, contact, prepared, situation, self._means)


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

    async def following(
        self, state: ConversationState, writers: Mapping[int, Writer], manifest: Channel
    ) -> GroupStep | datetime:
        """The next step, or when a burst is complete that someone is still writing.

        Raises:
            ProviderUnavailable: the provider could not be asked about a writer.
        """
        now = self._now()
        if at := self._bursts.complete_at(state.waiting, Expecting(), now):
            return at
        state, stale = self._bursts.of_one_age(state, now)
        known, keeps = await self._writers.of(state, writers)
        return GroupStep(state, known, Situation(manifest, now, stale, keeps), self._login, self._notices)


class NextSteps:
    """Prepares the next step of a conversation in which no turn is open."""

    def __init__(self, store: Store, senders: Senders, direct: DirectSteps, groups: GroupSteps) -> None:
        self._store = store
        self._senders = senders
        self._direct = direct
        self._groups = groups

    async def read(self, conversation: int) -> Following:
        """The conversation as it is now, with those who wrote what waits."""

        def read(tx: Tx) -> Following:
            state = conversation_state.load(tx, conversation)
            return Following(state, writers=self._senders.read(tx, state) if state else {})

        return await self._store.lookup(read)

    async def of(
        self, state: ConversationState, writers: Mapping[int, Writer], manifest: Channel
    ) -> Step | GroupStep | datetime:
        """The next step, or when it is due. `writers` may be empty if they were not read with the state.

        Raises:
            ProviderUnavailable: the provider could not be asked who writes.
        """
        writers = writers or await self._senders.of(state)
        if state.contact is None:
            return await self._groups.following(state, writers, manifest)
        return await self._direct.following(state, writers[state.contact.id], manifest)

    async def again(self, step: Step | GroupStep) -> Step | GroupStep | Following:
        """The same step as it is prepared now, or what stands in the conversation if it has no such step any more.

        What has come since waits for the next step. Errors as `of`.
        """
        following = await self.read(step.state.conversation)
        state = following.state
        if state is None or state.turn or not state.connected or not still_waits(step.state, state):
            return following
        if lacks(step.state, state, step.situation.remembered):
            return following
        state = replace(state, waiting=state.waiting[: len(step.state.waiting)])
        again = await self.of(state, following.writers, step.situation.manifest)
        return Following(at=again) if isinstance(again, datetime) else again
