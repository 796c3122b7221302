"""All agents at a glance: where each is connected, whether that works, and what waits for its owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from trinity_channels.access.directory import Directory
from trinity_channels.api import CheckState
from trinity_channels.bindings.health import Health
from trinity_channels.bindings.reports import HealthReports
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, attention, bindings
from trinity_channels.store.attention import Waiting
from trinity_channels.store.bindings import StoredBinding

RECENT = timedelta(days=7)
"""How long a message that did not arrive counts as waiting for the owner; it is listed for longer."""
ATTENTION = "attention"
NOT_CONFIGURED = "The agent is not configured any more, so people who write get an apology."


@dataclass(frozen=True, slots=True)
class Connected:
    """An agent on a channel. `state` is ok, waiting or attention; `cause` says why it is not ok, empty otherwise."""

    channel: str
    display_name: str | None
    state: str
    cause: str


@dataclass(frozen=True, slots=True)
class Overview:
    """An agent. `owner` is None if it is not configured any more and still connected."""

    name: str
    owner: str | None
    channels: tuple[Connected, ...]
    waiting: Waiting

    @property
    def attention(self) -> int:
        """How many things need attention: channels, access requests, parked turns, messages."""
        channels = sum(one.state == ATTENTION for one in self.channels)
        return channels + self.waiting.requests + self.waiting.turns + self.waiting.deliveries


class Overviews:
    """Makes them, from what is stored; no provider is asked."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        plugins: Plugins,
        reports: HealthReports,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._directory = directory
        self._plugins = plugins
        self._reports = reports
        self._now = now

    async def of(self, owner: str | None) -> list[Overview]:
        """The agents of an owner by name; None means all, those included that are only left in the database."""
        since = self._now() - RECENT
        waiting, every = await self._store.read(lambda tx: (attention.by_agent(tx, since), bindings.every(tx)))
        connected: dict[str, list[StoredBinding]] = {}
        for stored in every:
            if stored.connected:
                connected.setdefault(stored.agent, []).append(stored)
        configured = set(await self._directory.agents(owner))
        # Only administrators see them: what is configured no longer has no owner.
        left = set(connected) - configured if owner is None else set()
        return [
            await self._overview(name, connected.get(name, []), waiting, configured=name in configured)
            for name in sorted(configured | left)
        ]

    async def _overview(
        self, name: str, connected: list[StoredBinding], waiting: Mapping[str, Waiting], *, configured: bool
    ) -> Overview:
        channels = [
            await self._channel(stored) if configured else _attention(stored, NOT_CONFIGURED) for stored in connected
        ]
        owner = await self._directory.owner(name) if configured else None
        return Overview(name, owner, tuple(channels), waiting.get(name, Waiting()))

    async def _channel(self, stored: StoredBinding) -> Connected:
        if stored.channel not in self._plugins:
            return _attention(stored, "The channel's plugin is not usable: `trinity-channels plugins` says why.")
        health = (await self._reports.of(stored)).health
        return Connected(stored.channel, stored.account.display_name, health.state, _cause(health))


def _attention(stored: StoredBinding, cause: str) -> Connected:
    return Connected(stored.channel, stored.account.display_name, ATTENTION, cause)


def _cause(health: Health) -> str:
    """What the worst finding says, with its fix."""
    for state in (CheckState.FAILED, CheckState.WARNING, CheckState.UNKNOWN):
        for check in health.checks:
            if check.state is state:
                return f"{check.message} {check.fix}".strip()
    return ""
