"""Who wrote what waits in a group, and which of them may use the agent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from trinity_channels.access.directory import Directory
from trinity_channels.inbound.senders import Senders
from trinity_channels.store import Store, scenes
from trinity_channels.store.scenes import Person, Scene


@dataclass(frozen=True, slots=True)
class Known:
    """The writers by contact. `access` says whose e-mail may use the agent."""

    people: dict[int, Person]
    access: dict[int, bool]


class Writers:
    """Looks up everyone who wrote, at the provider and in the directory."""

    def __init__(self, store: Store, senders: Senders, directory: Directory) -> None:
        self._store = store
        self._senders = senders
        self._directory = directory

    async def of(self, scene: Scene) -> Known:
        """The writers of the waiting messages.

        Raises:
            ProviderUnavailable: the provider could not be asked.
        """
        known = Known({}, {})
        for contact in {message.contact for message in scene.waiting if message.contact}:
            person = await self._store.read(partial(scenes.person, contact=contact))
            person = await self._senders.resolved(scene, person)
            known.people[contact] = person
            known.access[contact] = person.email is not None and await self._directory.may_use(
                scene.agent, person.email
            )
        return known
