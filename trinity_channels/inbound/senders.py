"""Who writes, as the provider knows them; and whether they were blocked before they were erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from trinity_channels.access.blocks import Blocks
from trinity_channels.bindings import Bindings
from trinity_channels.email_address import normalise_email
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, Tx, people, scenes
from trinity_channels.store.scenes import Person, Scene

AGAIN_AFTER = timedelta(hours=1)


class Senders:
    """Resolves the people who write."""

    def __init__(
        self, store: Store, plugins: Plugins, bindings: Bindings, blocks: Blocks, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._bindings = bindings
        self._blocks = blocks
        self._now = now

    async def resolved(self, scene: Scene, person: Person) -> Person:
        """The person as the provider knows them, asked again once an hour; it is not asked about blocked people.

        Raises:
            ProviderUnavailable: the provider could not be asked.
        """
        if person.blocked or (person.resolved_at and self._now() - person.resolved_at < AGAIN_AFTER):
            return person
        stays_blocked, sender = await self._store.read(
            lambda tx: (self._blocks.stays_blocked(tx, person.id), people.sender(tx, person.id))
        )
        now = self._now()
        if stays_blocked:
            return await self._store.write(lambda tx: self._blocked_again(tx, person.id, now))
        bound = await self._bindings.open(scene.binding)
        identity = await self._plugins[scene.channel].resolve_identity(bound.binding, sender, bound.context)
        email = _normalised(identity.verified_email)
        now = self._now()

        def keep(tx: Tx) -> Person:
            people.resolved(tx, person.id, identity.name or person.name, email, now)
            return scenes.person(tx, person.id)

        return await self._store.write(keep)

    def _blocked_again(self, tx: Tx, contact: int, now: datetime) -> Person:
        self._blocks.block(tx, contact, now)
        return scenes.person(tx, contact)


def _normalised(email: str | None) -> str | None:
    """A provider's spelling of an address as shares and requests spell it; None for what is no address to us."""
    try:
        return normalise_email(email) if email else None
    except ValueError:
        return None
