"""The part of the composition root that only owners and administrators need: services made when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import httpx

from trinity_channels.access.actors import Actors
from trinity_channels.access.directory import Directory
from trinity_channels.access.pending_requests import PendingRequests
from trinity_channels.access.policy_effects import PolicyEffects
from trinity_channels.access.public_instructions import InstructionSettings
from trinity_channels.access.reading_records import ReadingRecords
from trinity_channels.access.roster import Roster
from trinity_channels.access.set_up import Means, SetUp
from trinity_channels.access.sharing import Sharing
from trinity_channels.agents.reload import AgentReload
from trinity_channels.agents.table import AgentTable
from trinity_channels.authorisation import Authorisation
from trinity_channels.bindings import Bindings
from trinity_channels.bindings.address_change import AddressChange
from trinity_channels.bindings.connections import Connections
from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.bindings.reports import HealthReports
from trinity_channels.bindings.status import BindingStatuses
from trinity_channels.crypto.key_ring import key_file
from trinity_channels.crypto.vault import Vault
from trinity_channels.host_settings import HostSettings
from trinity_channels.inbound.parked_turns import OwnersParkedTurns
from trinity_channels.inbound.unknown import UnknownWebhooks
from trinity_channels.inbound.way_in import OwnersWayIn, WayIn
from trinity_channels.limits import Limits
from trinity_channels.mail.port import Mailer
from trinity_channels.observability.metrics import Metrics
from trinity_channels.outbound.resend import Resends
from trinity_channels.owner_settings import OwnerSettings
from trinity_channels.people.blocks import Blocks
from trinity_channels.people.contacts import Contacts
from trinity_channels.people.erasure import Erasure
from trinity_channels.people.exports import Exports
from trinity_channels.plugins import Plugins
from trinity_channels.retention.periods import RetentionPeriods
from trinity_channels.settings import Settings
from trinity_channels.shown_settings import shown
from trinity_channels.store import Store

if TYPE_CHECKING:
    from trinity_channels.access.self_service import SelfService
    from trinity_channels.access.trinity_directory import TrinityDirectory
    from trinity_channels.conversations.listing import ConversationList
    from trinity_channels.conversations.reading import Conversations
    from trinity_channels.imports.importing import PlatformImport


class OnDemand:
    """Their place in a `Host`, which says what each of the attributes is."""

    settings: Settings
    now: Callable[[], datetime]
    metrics: Metrics
    plugins: Plugins
    store: Store
    vault: Vault
    mailer: Mailer | None
    limits: Limits
    agents: AgentTable
    reload: AgentReload
    http: httpx.AsyncClient
    address: PublicAddress
    directory: Directory
    trinity: TrinityDirectory | None
    may: Authorisation
    owner_settings: OwnerSettings
    bindings: Bindings
    connections: Connections
    reports: HealthReports
    sharing: Sharing
    blocks: Blocks
    unknown_webhooks: UnknownWebhooks
    retention_periods: RetentionPeriods
    self_service: SelfService

    @cached_property
    def statuses(self) -> BindingStatuses:
        """What the API and the pages show of an agent on a channel."""
        return BindingStatuses(
            connections=self.connections,
            opened=self.bindings,
            plugins=self.plugins,
            address=self.address,
            reports=self.reports,
            may=self.may,
        )

    @cached_property
    def pending_requests(self) -> PendingRequests:
        """The access requests that wait for an owner."""
        return PendingRequests(self.store, self.sharing, self.may, ReadingRecords(self.store, self.now))

    @cached_property
    def instructions(self) -> InstructionSettings:
        """What owners set for their agents' turns."""
        return InstructionSettings(self.owner_settings, self.agents)

    @cached_property
    def policy_effects(self) -> PolicyEffects:
        """What a change of a policy would do."""
        return PolicyEffects(self.store, self.directory, self.plugins, self.may, self.now)

    @cached_property
    def roster(self) -> Roster:
        """The people that agents are shared with."""
        return Roster(self.store, self.directory, self.may)

    @cached_property
    def actors(self) -> Actors:
        """How accounts are called that did something."""
        return Actors(self.directory)

    @cached_property
    def exports(self) -> Exports:
        """Everything about one person, as a file."""
        return Exports(self.store, self.may, self.now)

    @cached_property
    def contacts(self) -> Contacts:
        """What owners do with the people who wrote."""
        return Contacts(self.store, self.may, self.blocks, Erasure(self.store, self.blocks), self.now)

    @cached_property
    def platform_import(self) -> PlatformImport:
        """What takes over a platform's bindings and people."""
        from trinity_channels.imports.importing import PlatformImport  # noqa: PLC0415  once in a host's life
        from trinity_channels.imports.newcomers import Newcomers  # noqa: PLC0415  the same

        newcomers = Newcomers(self.self_service.lifetime, self.blocks, self.now)
        return PlatformImport(self.store, self.plugins, self.bindings, self.directory, newcomers, self.now)

    @cached_property
    def way_in(self) -> WayIn:
        """Proves the way from the public address to the database."""
        return WayIn(
            store=self.store,
            plugins=self.plugins,
            address=self.address,
            probes=self.unknown_webhooks.probes,
            http=self.http,
            now=self.now,
        )

    @cached_property
    def owners_way_in(self) -> OwnersWayIn:
        """The same, as owners may ask for it."""
        return OwnersWayIn(self.way_in, self.may)

    @cached_property
    def address_change(self) -> AddressChange:
        """What administrators do with the public address."""
        return AddressChange(self.address, self.bindings, self.connections, self.store, self.now)

    @cached_property
    def host_settings(self) -> HostSettings:
        """What administrators see of the settings."""
        return HostSettings(lambda: shown(self.settings, self.limits, self.address))

    @cached_property
    def set_up(self) -> SetUp:
        """What a fresh host needs until an agent has answered."""
        given = self.settings.credential_encryption_key
        means = Means(
            mailer=self.mailer is not None,
            key=lambda: self.vault.newest_key,
            key_file=None if given else key_file(self.settings.home),
            agents_from="platform" if self.trinity else "file" if self.reload.possible else "application",
            token_variable=self.settings.named("trinity_token"),
        )
        return SetUp(self.store, self.directory, self.plugins, self.address, means, self.now)

    @cached_property
    def resends(self) -> Resends:
        """What sends again what failed."""
        return Resends(self.store, self.plugins, self.metrics, self.now)

    @cached_property
    def parked_turns(self) -> OwnersParkedTurns:
        """What is done about turns that failed."""
        return OwnersParkedTurns(self.store, self.plugins, self.may, self.now)

    @cached_property
    def conversation_list(self) -> ConversationList:
        """What owners see of all conversations."""
        from trinity_channels.conversations.listing import ConversationList  # noqa: PLC0415  not at the start

        records = ReadingRecords(self.store, self.now)
        return ConversationList(self.store, self.directory, self.may, records, self.now)

    @cached_property
    def conversations(self) -> Conversations:
        """What owners see of one."""
        from trinity_channels.conversations.reading import Conversations  # noqa: PLC0415  not at the start
        from trinity_channels.conversations.remedies import Remedies  # noqa: PLC0415  the same

        remedies = Remedies(self.resends, self.parked_turns, self.plugins, self.now)
        return Conversations(
            self.store, self.may, ReadingRecords(self.store, self.now), remedies, self.retention_periods
        )
