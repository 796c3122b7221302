"""Who writes, as the provider knows them; and whether they were blocked before they were erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from trinity_channels.inbound.vouching import Vouching
from trinity_channels.people.blocks import Blocks
from trinity_channels.store import Store, Tx, people, scenes
from trinity_channels.store.scenes import Person, Scene
from trinity_channels.store.verified_emails import Linked

AGAIN_AFTER = timedelta(hours=1)


class Senders:
    """Resolves the people who write."""

    def __init__(self, store: Store, blocks: Blocks, vouching: Vouching, now: Callable[[], datetime]) -> None:
        self._store = store
        self._blocks = blocks
        self._vouching = vouching
        self._now = now

    async def resolved(self, scene: Scene, person: Person) -> Person:
        """The person as the provider knows them, asked again once an hour; it is not asked about blocked people.

        Raises:
            ProviderUnavailable: the provider could not be asked.
        """
        if person.blocked or self._is_fresh(person):
            return person
        stays_blocked, sender = await self._store.read(
            lambda tx: (self._blocks.stays_blocked(tx, person.id), people.sender(tx, person.id))
        )
        if stays_blocked:
            return await self._store.write(lambda tx: self._blocked_again(tx, person.id, self._now()))
        linked = Linked(person.id, scene.binding, scene.agent, scene.channel)
        known = await self._vouching.ask(linked, sender)
        # A decision of the owner leads here too, and keeps neither an e-mail nor an address alive.
        wrote = any(message.contact == person.id for message in scene.waiting)
        now = self._now()

        def keep(tx: Tx) -> Person:
            if wrote:
                people.resolved(tx, person.id, known.name or person.name, now)
            self._vouching.settle(tx, linked, known, now, wrote=wrote)
            return scenes.person(tx, person.id)

        return await self._store.write(keep)

    async def still(self, scene: Scene, person: Person) -> Person:
        """The person whose question is tried again, perhaps long after it was written.

        Raises:
            ProviderUnavailable: whether it still vouches for their e-mail could not be asked.
        """
        if person.blocked or self._is_fresh(person) or not self._vouching.concerns(scene.channel, person):
            return person
        await self._vouching.check(Linked(person.id, scene.binding, scene.agent, scene.channel))
        return await self._store.read(lambda tx: scenes.person(tx, person.id))

    def _is_fresh(self, person: Person) -> bool:
        return person.resolved_at is not None and self._now() - person.resolved_at < AGAIN_AFTER

    def _blocked_again(self, tx: Tx, contact: int, now: datetime) -> Person:
        self._blocks.block(tx, contact, now)
        return scenes.person(tx, contact)
