"""The composition root: the one place where the services of a host are joined, and their life."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

from trinity_channels import alike, wiring
from trinity_channels.access.decision_links import DecisionLinks
from trinity_channels.access.digest_mails import DigestMails
from trinity_channels.access.first_token import hand_over_first_token
from trinity_channels.access.mailed_decisions import MailedDecisions
from trinity_channels.access.overview import Overviews
from trinity_channels.access.owner_digest import OwnerDigest
from trinity_channels.access.self_service import SelfService
from trinity_channels.access.sessions import Sessions
from trinity_channels.access.sharing import Sharing
from trinity_channels.access.tokens import Tokens
from trinity_channels.agents.platform import Platform
from trinity_channels.agents.reload import AgentReload, Configuration
from trinity_channels.agents.table import AgentTable
from trinity_channels.alerts.mails import AlertMails
from trinity_channels.alerts.watch import ChannelWatch
from trinity_channels.attached import Lasting, Place
from trinity_channels.authorisation import Authorisation
from trinity_channels.bindings import Bindings, WebhooksToSet
from trinity_channels.bindings.agent_changes import AgentChanges, Deleted, Renamed
from trinity_channels.bindings.connections import Connections
from trinity_channels.bindings.contexts import Contexts
from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.bindings.reports import HealthReports
from trinity_channels.bindings.stored_secrets import StoredSecrets
from trinity_channels.crypto.key_ring import vault_of
from trinity_channels.crypto.vault import VaultError
from trinity_channels.dispatch import dispatcher_of, end
from trinity_channels.dispatch.idle_keys import IdleKeys
from trinity_channels.forgetting import Forgetting
from trinity_channels.housekeeping import Chore, Housekeeping
from trinity_channels.http_client import open_client
from trinity_channels.http_client.fence import Fence
from trinity_channels.inbound.catch_up import CatchUp
from trinity_channels.inbound.diagnose import Diagnosis
from trinity_channels.inbound.email_upkeep import EmailUpkeep
from trinity_channels.inbound.fair_slots import FairSlots
from trinity_channels.inbound.indicate import Indicator
from trinity_channels.inbound.missed import MissedMessages
from trinity_channels.inbound.unknown import UnknownWebhooks
from trinity_channels.inbound.unwanted_runs import UnwantedRuns
from trinity_channels.inbound.vouching import Vouching
from trinity_channels.limits import Limits, LimitValues
from trinity_channels.observability.log import get_logger
from trinity_channels.observability.metrics import Metrics
from trinity_channels.on_demand import OnDemand
from trinity_channels.outbound.deliver import Deliveries
from trinity_channels.outbound.lateness import Lateness
from trinity_channels.outbound.proactive import ProactiveMessages
from trinity_channels.outbound.sent import SentMessages
from trinity_channels.outbound.trial import TrialMessages
from trinity_channels.owner_settings import OwnerSettings
from trinity_channels.people.blocks import Blocks
from trinity_channels.periodic import PeriodicWork
from trinity_channels.plugins import load
from trinity_channels.ports import Ports, utc_now
from trinity_channels.principal import APPLICATION
from trinity_channels.readiness import Readiness
from trinity_channels.reread import reread
from trinity_channels.retention.chore import Retention
from trinity_channels.retention.periods import RetentionPeriods
from trinity_channels.role import Phase, Role
from trinity_channels.settings import Settings
from trinity_channels.store import store_at
from trinity_channels.web.auth import Guard, TokenAuthenticator
from trinity_channels.web.decision_pages import DecisionPages
from trinity_channels.web.failed_auth import FailedAuth

log = get_logger(__name__)

OWN_CHORES = frozenset({"catch-up", "signature diagnosis", "unknown webhooks", "forgetting"})
"""Those that every process does for itself, see `Housekeeping`."""
GRACE = 10.0
"""Seconds that running turns and calls get when the host stops."""


class Host(OnDemand):
    """A channel host: an asynchronous context manager that runs while it is open. `app.py` gives it its routes.

    Attributes:
        trinity: what the platform says about its agents, if those are served; otherwise None.
        lasting: what gives long answers, which end when the host stops.
        role: what this process does of the host's work.
        readiness: whether it can do it.
    """

    phase = Phase.STOPPED
    """How far it is between its start and its stop."""
    place: Place | None = None
    """Its place in another application; None if it runs alone."""

    def __init__(self, settings: Settings, ports: Ports | None = None, role: Role = Role.BOTH) -> None:
        """Join the parts.

        Raises:
            SettingsError: the database cannot have a process of this role.
        """
        ports = ports or Ports()
        self.role = wiring.possible(role, settings)
        now = ports.now or utc_now
        self.now = now
        self.settings = settings
        self.metrics = Metrics()
        self.plugins = ports.plugins or load()
        self.store = store_at(settings.database_url.get_secret_value())
        self.vault = vault_of(settings.credential_encryption_key, settings.home, self.store)
        self._owns_http = ports.http is None
        # One client for all providers and agents, so that connections are used again.
        self.http = ports.http or open_client(settings.max_concurrent_turns)
        # Our own client asks by itself.
        self._fence = Fence(self.http) if ports.http and self.store.shared else None
        self.address = PublicAddress(self.store, settings.public_chat_url, ports.address)
        self.mailer = wiring.mailer(ports.mailer, settings, now, fenced=self.store.shared)
        self.limits = Limits(self.store, LimitValues.of(settings), now)
        self.agents = AgentTable(settings.agents)
        self.reload = AgentReload(self.agents, self.store, _again(settings, ports), self.plugins.title, now)
        self.trinity, self.directory = wiring.directories(self, ports.directory)
        self.runtime = ports.agents or wiring.configured_agents(self)
        self.may = Authorisation(self.directory)
        self.owner_settings = OwnerSettings(self.store, self.may, now)
        self.own_tokens = TokenAuthenticator(self.store, settings.admin_token, now)
        self.tokens = None if ports.authenticator else Tokens(self.store, now, self.directory)
        self.sessions = Sessions(self.store, now)
        self.guard = Guard(ports.authenticator or wiring.authenticator(self), self.may, FailedAuth(self.metrics, now))
        self.bindings = Bindings(
            self.store,
            self.plugins,
            StoredSecrets(self.vault),
            Contexts(self.plugins, self.http, self.address, settings.api_base_url, now, ports.websocket),
            now,
        )
        self.slots = FairSlots(settings.max_concurrent_turns)
        self.dispatcher = dispatcher_of(self.store, wiring.open_keys, now, works=role.works, slots=self.slots)
        self.readiness = Readiness(
            self.store, self.plugins, self.bindings, role, lambda: self.phase, lambda: self.dispatcher.heard
        )
        self._join_connections(now)
        self.indicator = Indicator(self.store, self.plugins, self.bindings, self.metrics)
        vouching = Vouching(self.store, self.plugins, self.bindings, self.self_service.lifetime, now)
        self.metrics.turns_running.set_function(lambda: settings.max_concurrent_turns - self.slots.free)
        self.metrics.turns_waiting.set_function(lambda: self.slots.waiting)
        self.metrics.leads.set_function(lambda: self.store.leads)
        self.turns = wiring.turns(
            self,
            wiring.instructed(self.runtime, ports.instructions),
            vouching,
            self.indicator,
            Lateness(self.limits),
        )
        self._join_messages(now)
        self.unknown_webhooks = UnknownWebhooks(self.store, now)
        diagnosis = Diagnosis(self.store, self.catch_up.mistrusted, now)
        self.webhook = wiring.webhook(self, self.indicator, diagnosis, self.catch_up)
        listeners = wiring.listeners(self, self.indicator, self.catch_up)
        # First: what watches the channels looks at the state of their connections.
        chores = {"connections": listeners, **self._chores(diagnosis, vouching, now)}
        self.housekeeping = Housekeeping(chores, OWN_CHORES, lambda: self.store.leads, self.metrics, now)
        self.periodic = PeriodicWork(self.store, self.catch_up, self.housekeeping, listeners)
        self.lasting: list[Lasting] = []

    def _join_connections(self, now: Callable[[], datetime]) -> None:
        """Agents with their channels, who may talk to them, and whether that works."""
        remembering = (self.trinity, self.runtime, self.guard.authenticator)
        self.agent_changes = AgentChanges(self.store, self.bindings, self.plugins, now, remembering)
        self.sharing = Sharing(self.store, self.directory, self.may, now)
        self.missed = MissedMessages(self.store, self.plugins, self.bindings, self.may, now)
        self.catch_up: CatchUp = CatchUp(self.store, self.plugins, self.bindings, self.missed, now)
        self.connections = Connections(
            store=self.store,
            plugins=self.plugins,
            opened=self.bindings,
            may=self.may,
            now=now,
            credentials_work=self.catch_up.credentials_work,
        )
        self.self_service: SelfService = wiring.self_service(self)
        self.reports = HealthReports(
            store=self.store,
            plugins=self.plugins,
            opened=self.bindings,
            address=self.address,
            access=self.self_service,
            now=now,
        )
        self.overviews = Overviews(
            store=self.store, directory=self.directory, plugins=self.plugins, reports=self.reports, now=now
        )
        self.blocks = Blocks(self.store, self.vault)

    def _join_messages(self, now: Callable[[], datetime]) -> None:
        """What is sent: answers, messages that agents send first, and test messages."""
        self.deliveries = Deliveries(
            store=self.store,
            plugins=self.plugins,
            bindings=self.bindings,
            metrics=self.metrics,
            lateness=Lateness(self.limits),
            now=now,
        )
        self.proactive = ProactiveMessages(
            store=self.store,
            plugins=self.plugins,
            may=self.may,
            directory=self.directory,
            disclosure=self.self_service.disclosure,
            now=now,
        )
        self.sent = SentMessages(self.store, self.may, self.resends)
        self.trials = TrialMessages(
            store=self.store,
            plugins=self.plugins,
            opened=self.bindings,
            deliveries=self.deliveries,
            may=self.may,
            now=now,
        )

    def _chores(self, diagnosis: Diagnosis, vouching: Vouching, now: Callable[[], datetime]) -> dict[str, Chore]:
        """The periodic work, with what else it serves."""
        self.retention_periods = RetentionPeriods(self.owner_settings, self.limits, self.agents)
        self.retention = Retention(self.store, self.retention_periods, self.metrics, now)
        links = DecisionLinks(self.vault, self.address, tuple(self.plugins), now)
        digest = OwnerDigest(
            self.store, self.directory, self.mailer, DigestMails(links, self.plugins), self.metrics, now
        )
        self.decision_pages = DecisionPages(
            MailedDecisions(links, self.store, self.directory, self.sharing), self.plugins
        )
        return {
            "request mails": digest,
            "catch-up": self.catch_up,
            "signature diagnosis": diagnosis,
            "unknown webhooks": self.unknown_webhooks,
            "forgetting": Forgetting(self.turns, self.deliveries),
            "channel watch": ChannelWatch(self.store, self.connections, self.plugins, self.address, self.metrics, now),
            "alert mails": AlertMails(self.store, self.directory, self.mailer, self.plugins, self.metrics, now),
            "retention": self.retention,
            "deleted agents": self.agent_changes,
            "webhooks to set": WebhooksToSet(self.store, self.bindings, now),
            **wiring.platform_chores(self),
            "unwanted runs": UnwantedRuns(self.store, self.runtime, now),
            "page sessions": self.sessions,
            "idle keys": IdleKeys(self.store, now),
            "verified e-mails": EmailUpkeep(self.store, self.plugins, vouching, self.self_service.lifetime, now),
        }

    @property
    def local_token(self) -> str:
        """An administrator's token for commands on this machine, for this run only."""
        return self.own_tokens.local

    @property
    def platform(self) -> Platform | None:
        """Trinity's API, if the settings name it."""
        url, token = self.settings.trinity_url, self.settings.trinity_token
        if not url or not token:
            return None
        return Platform(url, token, self.settings.named("trinity_url"), self.settings.named("trinity_token"))

    # --- life ---

    @property
    def running(self) -> bool:
        """Whether it works: between its start and its stop."""
        return self.phase is Phase.RUNNING

    async def start(self) -> None:
        """Open the database, wake what is open, begin to work.

        Raises:
            VaultError: there are no encryption keys, or other processes on the database have others.
            StoreError: the database cannot be used, or another process serves it.
            FirstTokenError: the administrator's first token cannot be handed over.
        """
        self.vault.unlock(make=False)
        # It takes the lock on the database, so that a second process fails before it has done anything.
        self.store.open()
        try:
            await alike.check(self.store, self.vault, self.agents.every())
            self.vault.unlock()
        except VaultError:
            await self.store.close()
            raise
        await self.store.listen(lead=self.role.works)
        self._begin()
        await self.address.start(self.now())
        await self.limits.load()
        await self.reload.begin()
        # Within an application the requests bring its principals, and there is no first token.
        if self.tokens is not None and self.role.receives:
            await hand_over_first_token(self.tokens, self.settings.home, configured=bool(self.settings.admin_token))
        await self.bindings.tell_locked()
        if self.place is not None:
            await self.bindings.learn_keys()
        # Before work begins: it notes up to which message everything is known.
        await self.catch_up.begin()
        await self.dispatcher.start(self._run)
        self.periodic.start(self.address_change if self.address.given else None)
        self.phase = Phase.RUNNING
        if self.place is not None:
            self.place.opened()
        for broken in self.plugins.unavailable:
            log.error("plugin unavailable", plugin=broken.name, reason=broken.reason)
        for name in self.plugins:
            for warning in self.plugins[name].warnings:
                log.warning("plugin with a warning", plugin=name, reason=warning)
        if self.address.value is None:
            log.warning("public_chat_url is not set: there are no webhook URLs until it is")

    def _begin(self) -> None:
        """Undo what `stop` has said: the lifespan of an application may run more than once."""
        if self._fence:
            self._fence.put()
        self.slots.begin()
        self.deliveries.begin()
        for one in self.lasting:
            one.begin()

    async def wind_down(self, hurry: asyncio.Event | None = None) -> None:
        """Begin nothing new and let active work end for a moment; requests are still answered, and stored.

        What is cut short is found by another process, or at the next start. `hurry` cuts it short at once.
        """
        if self.phase is not Phase.RUNNING:
            return
        self.phase = Phase.STOPPING
        # First, so that no chore begins something new while the rest is ending.
        await self.periodic.end()
        self.store.resign()
        # No new sends and no new runs of agents begin, then what is active gets its grace.
        self.deliveries.stop()
        self.slots.stop()
        await end(self.dispatcher, GRACE, hurry)

    async def stop(self) -> None:
        """Shut down gracefully: active work gets a moment to finish, open work is found at the next start."""
        await self.leave()
        await self.wind_down()
        self.phase = Phase.STOPPED
        await self.indicator.stop()
        with contextlib.suppress(Exception):  # lost counts must not disturb the shutdown
            await self.unknown_webhooks.run()
        if self._fence:
            self._fence.remove()
        # A client that the application brought along is the application's to close.
        if self._owns_http:
            await self.http.aclose()
        await self.store.close()
        if self.place is not None:
            self.place.closed()

    async def leave(self) -> None:
        """End the pages' streams of events, which a server that stops would wait for."""
        for one in self.lasting:
            await one.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _run(self, key: str) -> datetime | None:
        # Two kinds of keys, so that an answer can go out while the next turn of a conversation runs.
        kind, _, conversation = key.partition(":")
        run: Callable[[int], Awaitable[datetime | None]] = self.turns.run if kind == "turn" else self.deliveries.run
        return await run(int(conversation))

    async def address_changed(self) -> None:
        """Follow the application's public address at once; it may call this whenever it has changed it."""
        await self.address_change.follow()

    async def agent_renamed(self, agent: str, name: str) -> Renamed:
        """The application has renamed an agent: what is stored for it follows. Errors as `AgentChanges.renamed`."""
        return await self.agent_changes.renamed(APPLICATION, agent, name)

    async def agent_deleted(self, agent: str) -> Deleted:
        """The application has deleted an agent: what is stored for it is removed; the answer says what stays."""
        return await self.agent_changes.deleted(APPLICATION, agent)


def _again(settings: Settings, ports: Ports) -> Callable[[], Configuration] | None:
    """What reads the settings again; None if the application around the host gave them."""
    return partial(reread, settings, ports.read_settings) if ports.read_settings else None
