"""Reports on the health of bindings: reads what `health.examine` looks at. Used by the API and the diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from trinity_channels.bindings import listening
from trinity_channels.bindings.checks.known import Known
from trinity_channels.bindings.health import Health, examine
from trinity_channels.bindings.listening import Listening
from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.bindings.registry import Bindings
from trinity_channels.plugins import Plugins
from trinity_channels.public_url import leads_to_this_machine
from trinity_channels.store import Store, Tx, agent_runs, alerts, audit, bindings, notices, retired_keys, trials
from trinity_channels.store.bindings import StoredBinding

NOTICED_FOR = timedelta(days=1)
"""How long health shows what came that could not be used: after that, nothing of the kind has come for a day."""


@dataclass(frozen=True, slots=True)
class Report:
    """The health of a binding, when a person last wrote to it, and when a question was last dealt with.

    `parked` counts the questions that the agent failed to answer, `left` those that wait for the owner for another reason,
    `groups` the group chats in which people have written, None on a channel that has none. `connection` is that of a
    binding that listens.
    """

    health: Health
    last_inbound: datetime | None
    last_answered: datetime | None = None
    parked: int = 0
    left: int = 0
    groups: int | None = None
    connection: Listening | None = None


class AccessSetup(Protocol):
    """Knows how people get to an agent, which is decided above this package."""

    @property
    def mails(self) -> bool:
        """Whether the host can mail, which signing in needs."""

    def open_to_all(self, tx: Tx, agent: str) -> bool:
        """Whether everyone may chat with the agent."""

    @property
    def unseen_shares(self) -> Callable[[str], str]:
        """Tells why it is not known whom an agent is shared with; empty if it is."""

    def escalates(self, tx: Tx, agent: str) -> bool:
        """Whether the agent names a way to a person."""


class HealthReports:
    """Makes them, from what is stored and set up; no provider is asked."""

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        opened: Bindings,
        address: PublicAddress,
        access: AccessSetup,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._opened = opened
        self._address = address
        self._access = access
        self._now = now

    async def of(self, stored: StoredBinding) -> Report:
        """The report on a connected binding whose channel's plugin is usable."""
        # One reading transaction for all facts, so that they fit together.
        return await self._store.read(lambda tx: self._read(tx, stored))

    async def of_all(self, stored: Sequence[StoredBinding]) -> list[Report]:
        """The same for several, in their order, from one look at the database."""
        return await self._store.read(lambda tx: [self._read(tx, one) for one in stored])

    def _read(self, tx: Tx, stored: StoredBinding) -> Report:
        now, changed_at = self._now(), self._address.changed_at
        old_address = retired_keys.working(tx, stored.id, now)
        # Looked up only for those that our address has changed for.
        changed = old_address is not None or changed_at is not None
        last_inbound = bindings.last_inbound(tx, stored.id)
        manifest = self._plugins[stored.channel].manifest
        known = Known(
            stored=stored,
            manifest=manifest,
            locked=self._opened.secrets.locked_by(stored),
            public_url=self._address.value,
            # Both must be here: a simulator cannot reach a public address, nor a provider this machine.
            simulated=leads_to_this_machine(self._address.value)
            and leads_to_this_machine(self._opened.contexts.of(stored.channel).api_base_url),
            probed=self._address.probed.get(stored.channel),
            last_inbound=last_inbound,
            runs=agent_runs.of_binding(tx, stored.id),
            now=now,
            mails=self._access.mails,
            open_to_all=self._access.open_to_all(tx, stored.agent),
            escalates=self._access.escalates(tx, stored.agent),
            unseen_shares=self._access.unseen_shares(stored.agent),
            last_test=trials.latest(tx, stored.id),
            alerted=alerts.of_binding(tx, stored.id),
            told=notices.since(tx, stored.id, now - NOTICED_FOR),
            old_address=old_address,
            public_url_changed_at=changed_at,
            webhook_set_at=audit.last(tx, stored.agent, "set_webhook", stored.channel) if changed else None,
            connection=listening.of(tx, stored.id, now) if stored.listens else None,
            connected_at=audit.last(tx, stored.agent, "connect", stored.channel) if changed else None,
        )
        runs = known.runs
        groups = None
        if manifest.capabilities.groups:
            groups = bindings.groups(tx, stored.id, manifest.address.thread_mark)
        found = examine(known)
        health = replace(found, checks=self._address.with_place(found.checks))
        return Report(health, last_inbound, runs.answered_at, runs.parked, runs.left, groups, known.connection)
