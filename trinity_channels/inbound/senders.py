"""Who writes, as the provider knows them; and whether they were blocked before they were erased."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trinity_channels.api import Sender
from trinity_channels.inbound.vouching import Vouching
from trinity_channels.people.blocks import Blocks
from trinity_channels.store import Store, Tx, Unit, conversation_state, people
from trinity_channels.store.conversation_state import Contact, ConversationState
from trinity_channels.store.verified_emails import Linked

AGAIN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Unresolved:
    """What is stored about a contact whom the provider is to be asked about."""

    stays_blocked: bool
    sender: Sender


@dataclass(frozen=True, slots=True)
class Writer:
    """A contact who wrote what waits; `unresolved` if the provider is to be asked about them."""

    contact: Contact
    unresolved: Unresolved | None


@dataclass(frozen=True, slots=True)
class Resolved:
    """A contact as they will be once `keep`, what the provider told about them, is on record; None if that is nothing."""

    contact: Contact
    keep: Unit[None] | None = None


class Senders:
    """Resolves the people who write."""

    def __init__(self, store: Store, blocks: Blocks, vouching: Vouching, now: Callable[[], datetime]) -> None:
        self._store = store
        self._blocks = blocks
        self._vouching = vouching
        self._now = now

    def read(self, tx: Tx, state: ConversationState) -> Mapping[int, Writer]:
        """Within a transaction: who wrote what waits, by contact. In a direct chat that is its person."""
        if state.contact:
            return {state.contact.id: self._writer(tx, state.contact)}
        wrote = {message.contact for message in state.waiting if message.contact}
        return {one: self._writer(tx, conversation_state.contact(tx, one)) for one in wrote}

    async def of(self, state: ConversationState) -> Mapping[int, Writer]:
        """The same, in a transaction only where one is needed."""
        if state.contact and not self._is_due(state.contact):
            return {state.contact.id: Writer(state.contact, None)}
        return await self._store.lookup(lambda tx: self.read(tx, state))

    def _writer(self, tx: Tx, contact: Contact) -> Writer:
        if not self._is_due(contact):
            return Writer(contact, None)
        stays_blocked = self._blocks.stays_blocked(tx, contact.id)
        return Writer(contact, Unresolved(stays_blocked, people.sender(tx, contact.id)))

    async def resolved(self, state: ConversationState, writer: Writer) -> Resolved:
        """The person as the provider knows them, asked again once an hour; it is not asked about blocked people.

        Raises:
            ProviderUnavailable: the provider could not be asked.
        """
        contact, unresolved = writer.contact, writer.unresolved
        if unresolved is None:
            return Resolved(contact)
        # Before the provider is asked: it learns nothing about people who are not let in.
        if unresolved.stays_blocked:
            return Resolved(await self._store.write(lambda tx: self._blocked_again(tx, contact.id, self._now())))
        linked = Linked(contact.id, state.binding, state.agent, state.channel)
        known = await self._vouching.ask(linked, unresolved.sender, state.named_by_plugin)
        # A decision of the owner leads here too, and keeps neither an e-mail nor an address alive.
        wrote = any(message.contact == contact.id for message in state.waiting)
        now = self._now()

        def keep(tx: Tx) -> None:
            if wrote:
                # A provider that does not know the name must not wipe out the one that came with the message.
                people.resolved(tx, contact.id, known.name or contact.name, now)
            self._vouching.settle(tx, linked, known, now, wrote=wrote)

        email = self._vouching.expected(state.channel, contact, known, wrote=wrote)
        return Resolved(replace(contact, email=email), keep)

    async def still(self, state: ConversationState, contact: Contact) -> Contact:
        """The person whose question is tried again, perhaps long after it was written.

        Raises:
            ProviderUnavailable: whether it still vouches for their e-mail could not be asked.
        """
        # An e-mail that was proved with a code does not depend on the provider.
        if not self._is_due(contact) or not self._vouching.concerns(state.channel, contact):
            return contact
        await self._vouching.check(Linked(contact.id, state.binding, state.agent, state.channel))
        return await self._store.read(lambda tx: conversation_state.contact(tx, contact.id))

    def _is_due(self, contact: Contact) -> bool:
        if contact.blocked:
            return False
        return contact.resolved_at is None or self._now() - contact.resolved_at >= AGAIN_AFTER

    def _blocked_again(self, tx: Tx, contact: int, now: datetime) -> Contact:
        self._blocks.block(tx, contact, now)
        return conversation_state.contact(tx, contact)
