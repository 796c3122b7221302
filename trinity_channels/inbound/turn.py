"""The turn: what waits in one conversation goes through commands and the gate to the agent, and replies are queued.

Every step is decided and recorded in one transaction, so that a crash between two lines repeats a step and loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from trinity_channels.api import ProviderUnavailable
from trinity_channels.crypto.vault import VaultError
from trinity_channels.inbound.agent_turn import AgentTurns
from trinity_channels.inbound.following import Following
from trinity_channels.inbound.steps import Steps
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, Tx, messages, scenes, turns
from trinity_channels.store.scenes import Scene

log = structlog.get_logger(__name__)

HOUR = timedelta(hours=1)
RESOLVE_AGAIN = timedelta(seconds=15)
LOCKED_AGAIN = timedelta(minutes=5)


class Turns:
    """Runs the `turn:` keys: steps until a turn is open, then attempts until it has ended, and so on."""

    def __init__(
        self,
        store: Store,
        plugins: Plugins,
        steps: Steps,
        agent_turns: AgentTurns,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._steps = steps
        self._agent_turns = agent_turns
        self._now = now

    async def run(self, conversation: int) -> datetime | None:
        """Do everything that waits in a conversation; returns when to come back, None if nothing is left."""
        following = Following(await self._store.read(lambda tx: scenes.scene(tx, conversation)))
        while (scene := following.scene) and (scene.turn or scene.waiting or scene.kept or scene.stirred):
            if scene.channel not in self._plugins:  # it could not be loaded this time; nothing is given up for that
                return self._now() + HOUR
            if not scene.connected:
                await self._drop(scene)
                return None
            try:
                following = await self._work_on(scene, admitted=following.admitted)
            except ProviderUnavailable as error:
                log.warning("sender not resolved", channel=scene.channel, agent=scene.agent, reason=error.message)
                return self._now() + RESOLVE_AGAIN
            except VaultError as error:  # the operator can still bring the right key
                log.warning("secrets locked", channel=scene.channel, agent=scene.agent, reason=str(error))
                return self._now() + LOCKED_AGAIN
        return following.at

    async def _work_on(self, scene: Scene, *, admitted: bool) -> Following:
        manifest = self._plugins[scene.channel].manifest
        if scene.turn:
            return await self._agent_turns.attempt(scene, scene.turn, manifest, admitted=admitted)
        return await self._steps.take(scene, manifest)

    async def _drop(self, scene: Scene) -> None:
        now = self._now()

        def drop(tx: Tx) -> None:
            messages.drop(tx, [message.id for message in scene.waiting], now)
            if scene.turn:
                turns.fail(tx, scene.turn.id, "the channel is disconnected", now, turns.Cause.HOST)

        await self._store.write(drop)
