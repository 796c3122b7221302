"""Who writes, as the provider knows them; and whether they were blocked before they were erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from trinity_channels.inbound.vouching import Vouching
from trinity_channels.people.blocks import Blocks
from trinity_channels.store import Store, Tx, conversation_state, people
from trinity_channels.store.conversation_state import Contact, ConversationState
from trinity_channels.store.verified_emails import Linked

AGAIN_AFTER = timedelta(hours=1)


class Senders:
    """Resolves the people who write."""

    def __init__(self, store: Store, blocks: Blocks, vouching: Vouching, now: Callable[[], datetime]) -> None:
        self._store = store
        self._blocks = blocks
        self._vouching = vouching
        self._now = now

    async def resolved(self, state: ConversationState, contact: Contact) -> Contact:
        """The person as the provider knows them, asked again once an hour; it is not asked about blocked people.

        Raises:
            ProviderUnavailable: the provider could not be asked.
        """
        if contact.blocked or self._is_fresh(contact):
            return contact
        stays_blocked, sender = await self._store.read(
            lambda tx: (self._blocks.stays_blocked(tx, contact.id), people.sender(tx, contact.id))
        )
        if stays_blocked:
            return await self._store.write(lambda tx: self._blocked_again(tx, contact.id, self._now()))
        linked = Linked(contact.id, state.binding, state.agent, state.channel)
        known = await self._vouching.ask(linked, sender)
        # A decision of the owner leads here too, and keeps neither an e-mail nor an address alive.
        wrote = any(message.contact == contact.id for message in state.waiting)
        now = self._now()

        def keep(tx: Tx) -> Contact:
            if wrote:
                people.resolved(tx, contact.id, known.name or contact.name, now)
            self._vouching.settle(tx, linked, known, now, wrote=wrote)
            return conversation_state.contact(tx, contact.id)

        return await self._store.write(keep)

    async def still(self, state: ConversationState, contact: Contact) -> Contact:
        """The person whose question is tried again, perhaps long after it was written.

        Raises:
            ProviderUnavailable: whether it still vouches for their e-mail could not be asked.
        """
        if contact.blocked or self._is_fresh(contact) or not self._vouching.concerns(state.channel, contact):
            return contact
        await self._vouching.check(Linked(contact.id, state.binding, state.agent, state.channel))
        return await self._store.read(lambda tx: conversation_state.contact(tx, contact.id))

    def _is_fresh(self, contact: Contact) -> bool:
        return contact.resolved_at is not None and self._now() - contact.resolved_at < AGAIN_AFTER

    def _blocked_again(self, tx: Tx, contact: int, now: datetime) -> Contact:
        self._blocks.block(tx, contact, now)
        return conversation_state.contact(tx, contact)
