"""Reports on the health of bindings: reads what `health.examine` looks at. Used by the API and the diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trinity_channels.access.gate import Policy, policies
from trinity_channels.access.self_service import SelfService
from trinity_channels.bindings.checks.known import Known
from trinity_channels.bindings.health import Health, examine
from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.bindings.registry import Bindings
from trinity_channels.plugins import Plugins
from trinity_channels.public_url import leads_to_this_machine
from trinity_channels.store import Store, Tx, access, agent_runs, alerts, bindings, notices, retired_keys, trials
from trinity_channels.store.bindings import StoredBinding

NOTICED_FOR = timedelta(days=1)
"""How long health shows what came that could not be used: after that, nothing of the kind has come for a day."""


@dataclass(frozen=True, slots=True)
class Report:
    """The health of a binding, and when a person last wrote to it."""

    health: Health
    last_inbound: datetime | None


class HealthReports:
    """Makes them, from what is stored and set up; no provider is asked."""

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        opened: Bindings,
        address: PublicAddress,
        self_service: SelfService,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._opened = opened
        self._address = address
        self._self_service = self_service
        self._now = now

    async def of(self, stored: StoredBinding) -> Report:
        """The report on a connected binding whose channel's plugin is usable."""
        # One reading transaction for all facts, so that they fit together.
        return await self._store.read(lambda tx: self._read(tx, stored))

    async def of_all(self, stored: Sequence[StoredBinding]) -> list[Report]:
        """The same for several, in their order, from one look at the database."""
        return await self._store.read(lambda tx: [self._read(tx, one) for one in stored])

    def _read(self, tx: Tx, stored: StoredBinding) -> Report:
        now = self._now()
        last_inbound = bindings.last_inbound(tx, stored.id)
        known = Known(
            stored=stored,
            manifest=self._plugins[stored.channel].manifest,
            locked=self._opened.secrets.locked_by(stored),
            public_url=self._address.value,
            simulated=leads_to_this_machine(self._address.value)
            and leads_to_this_machine(self._opened.contexts.of(stored.channel).api_base_url),
            probed=self._address.probed.get(stored.channel),
            last_inbound=last_inbound,
            runs=agent_runs.of_binding(tx, stored.id),
            now=now,
            mails=self._self_service.login.available,
            open_to_all=policies(access.policies(tx, stored.agent))[0] is Policy.OPEN,
            escalates=self._self_service.escalation.contact(tx, stored.agent) is not None,
            last_test=trials.latest(tx, stored.id),
            alerted=alerts.of_binding(tx, stored.id),
            told=notices.since(tx, stored.id, now - NOTICED_FOR),
            old_address_until=retired_keys.working_until(tx, stored.id, now),
        )
        return Report(examine(known), last_inbound)
