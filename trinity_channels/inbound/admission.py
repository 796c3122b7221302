"""Whether an open turn may still be run: it may be tried again, or resubmitted, long after the gate admitted it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from trinity_channels.access.directory import Directory
from trinity_channels.access.gate import Decision
from trinity_channels.api import Channel
from trinity_channels.inbound import overdue
from trinity_channels.inbound.following import Following
from trinity_channels.inbound.gate import decision
from trinity_channels.inbound.senders import Senders
from trinity_channels.outbound.lateness import Lateness
from trinity_channels.store import Store, scenes
from trinity_channels.store.scenes import OpenTurn, Scene


class Admission:
    """Asks the gate again, and checks how late it is."""

    def __init__(
        self,
        store: Store,
        senders: Senders,
        directory: Directory,
        lateness: Lateness,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._senders = senders
        self._directory = directory
        self._lateness = lateness
        self._now = now

    async def present(self, scene: Scene) -> Scene:
        """The conversation with its person as the provider vouches for them now.

        Raises:
            ProviderUnavailable: it could not be asked.
        """
        return replace(scene, person=await self._senders.still(scene, scene.person)) if scene.person else scene

    async def admits(self, scene: Scene) -> bool:
        """Whether the gate is still open. In a group it was asked for each message."""
        person = scene.person
        if person is None:
            return True
        gate = partial(decision, scene, person.email, blocked=person.blocked)
        if gate(has_access=False) is Decision.ALLOW:
            return True
        if person.email is None or person.blocked:
            return False
        return gate(has_access=await self._directory.may_use(scene.agent, person.email)) is Decision.ALLOW

    def parked(self, scene: Scene, turn: OpenTurn, manifest: Channel) -> str:
        """Why a turn is left to the owner, since it comes too late; empty if it may be answered now."""
        return overdue.parked(self._lateness, manifest, scene, turn, self._now())

    async def lapsed(self, conversation: int, turn: OpenTurn, manifest: Channel) -> Following | None:
        """What stands in place of a turn that may not be run any more; None if it may be.

        Asked after it has waited for a slot: minutes may have passed.
        """
        scene = await self._store.read(partial(scenes.scene, conversation=conversation))
        if scene is None or not scene.connected or scene.turn is None or scene.turn.id != turn.id:
            return Following(scene)
        due = await self.admits(scene) and not self.parked(scene, scene.turn, manifest)
        return None if due else Following(scene)
