"""The part of the composition root that joins what handles inbound messages, and what people are offered in a chat."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

import httpx

from trinity_channels.access.directory import Directory, LocalDirectory
from trinity_channels.access.disclosure import Disclosure
from trinity_channels.access.escalation import Escalation
from trinity_channels.access.lifetime import Lifetime
from trinity_channels.access.login import Login
from trinity_channels.access.public_instructions import InstructionSettings
from trinity_channels.access.self_service import SelfService
from trinity_channels.agent_settings import ON_THE_PLATFORM
from trinity_channels.agents.instructed import InstructedAgents, InstructionSource
from trinity_channels.agents.platform import Platform
from trinity_channels.agents.port import AgentRuntime
from trinity_channels.agents.registry import ConfiguredAgents
from trinity_channels.agents.table import AgentTable
from trinity_channels.bindings import Bindings
from trinity_channels.bindings.agent_changes import AgentChanges
from trinity_channels.crypto.vault import Vault
from trinity_channels.housekeeping import Chore
from trinity_channels.http_client import open_client
from trinity_channels.http_client.client import Client
from trinity_channels.inbound.admission import Admission
from trinity_channels.inbound.agent_call import AgentCall
from trinity_channels.inbound.agent_run import AgentRuns
from trinity_channels.inbound.agent_turn import AgentTurns
from trinity_channels.inbound.attempts import Attempts
from trinity_channels.inbound.authentication import Authentication
from trinity_channels.inbound.catch_up import CatchUp
from trinity_channels.inbound.delivered import Delivered
from trinity_channels.inbound.diagnose import Diagnosis
from trinity_channels.inbound.endings import Endings
from trinity_channels.inbound.fair_slots import FairSlots
from trinity_channels.inbound.first_attempt import FirstAttempts
from trinity_channels.inbound.gather import Bursts
from trinity_channels.inbound.indicate import Indicator
from trinity_channels.inbound.intake import Intake
from trinity_channels.inbound.listeners import Listeners
from trinity_channels.inbound.next_step import DirectSteps, GroupSteps, NextSteps
from trinity_channels.inbound.owner_notices import OwnerNotices
from trinity_channels.inbound.prepare import Preparation
from trinity_channels.inbound.quotes import Quotes
from trinity_channels.inbound.senders import Senders
from trinity_channels.inbound.step import Means
from trinity_channels.inbound.steps import Steps
from trinity_channels.inbound.turn import Turns
from trinity_channels.inbound.unknown import UnknownWebhooks
from trinity_channels.inbound.vouching import Vouching
from trinity_channels.inbound.webhook import Webhook
from trinity_channels.inbound.webhook_keys import WebhookKeys
from trinity_channels.inbound.writers import Writers
from trinity_channels.limits import Limits
from trinity_channels.mail.fenced import FencedMailer
from trinity_channels.mail.port import Mailer
from trinity_channels.observability.metrics import Metrics
from trinity_channels.outbound.lateness import Lateness
from trinity_channels.outbound.notices import Budget, Notices
from trinity_channels.owner_settings import OwnerSettings
from trinity_channels.people.blocks import Blocks
from trinity_channels.plugins import Plugins
from trinity_channels.role import Role
from trinity_channels.settings import DATABASE_SCHEME, POSTGRES_SCHEME, Settings, SettingsError
from trinity_channels.store import Store, Tx, conversation_state, deliveries
from trinity_channels.store.news import Subject
from trinity_channels.web.auth import Authenticator, TokenAuthenticator

if TYPE_CHECKING:
    from trinity_channels.access.trinity_directory import TrinityDirectory

LISTENERS = 1000
"""Bindings of one provider that can listen at the same time; each holds a connection."""


class Parts(Protocol):
    """What a host is made of, as far as the parts below are joined from it; `Host` says what each of them is."""

    settings: Settings
    now: Callable[[], datetime]
    metrics: Metrics
    plugins: Plugins
    store: Store
    vault: Vault
    mailer: Mailer | None
    agents: AgentTable
    limits: Limits
    directory: Directory
    owner_settings: OwnerSettings
    bindings: Bindings
    blocks: Blocks
    slots: FairSlots
    self_service: SelfService
    unknown_webhooks: UnknownWebhooks
    http: httpx.AsyncClient
    own_tokens: TokenAuthenticator
    trinity: TrinityDirectory | None
    agent_changes: AgentChanges

    @property
    def platform(self) -> Platform | None: ...

    @property
    def instructions(self) -> InstructionSettings: ...


def possible(role: Role, settings: Settings) -> Role:
    """The role, if the database can have a process of it.

    Raises:
        SettingsError: it cannot.
    """
    if role is not Role.BOTH and settings.database_url.get_secret_value().startswith(DATABASE_SCHEME):
        raise SettingsError(
            f"{settings.named('database_url')}: a process that only receives, or only works, needs a PostgreSQL database "
            f"({POSTGRES_SCHEME}…). On SQLite one process does both: `trinity-channels serve` without --no-worker."
        )
    return role


def mailer(brought: Mailer | None, settings: Settings, now: Callable[[], datetime], *, fenced: bool) -> Mailer | None:
    """What sends mails, if there is something; `fenced`: other processes may take over what they are sent for."""
    mailer = brought or _smtp_mailer(settings, now)
    return FencedMailer(mailer) if mailer and fenced else mailer


def _smtp_mailer(settings: Settings, now: Callable[[], datetime]) -> Mailer | None:
    """The mail server that the settings name, if they name one."""
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    from trinity_channels.mail.smtp import SmtpMailer  # noqa: PLC0415  4 MB, for those who send mail

    return SmtpMailer(settings.smtp_url, settings.mail_from, now)


def directories(host: Parts, brought: Directory | None) -> tuple[TrinityDirectory | None, Directory]:
    """The platform's directory, if its agents are served, and the one that counts; an application may bring its own."""
    if brought is not None:
        return None, brought
    if host.platform is None or not host.settings.serves_platform:
        return None, LocalDirectory(host.store, host.agents, host.now)
    from trinity_channels.access.trinity_directory import TrinityDirectory  # noqa: PLC0415  for hosts beside a platform
    from trinity_channels.agents.trinity_accounts import TrinityAccounts  # noqa: PLC0415  the same

    theirs = TrinityDirectory(TrinityAccounts(host.http, host.platform, host.now), host.now)
    host.store.on_news(Subject.SHARES, theirs.shares_changed)
    return theirs, theirs


def platform_chores(host: Parts) -> dict[str, Chore]:
    """The periodic work of a host that serves the platform's agents."""
    if host.trinity is None:
        return {}
    from trinity_channels.access.trinity_renames import RenamedAgents  # noqa: PLC0415  for hosts beside a platform

    return {"renamed agents": RenamedAgents(host.store, host.trinity, host.agent_changes, host.now)}


def authenticator(host: Parts) -> Authenticator:
    """Knows our own tokens, and the platform's where its agents are served."""
    if host.trinity is None or host.platform is None:
        return host.own_tokens
    from trinity_channels.web.trinity_auth import TrinityAuthenticator  # noqa: PLC0415  for hosts beside a platform

    return TrinityAuthenticator(host.own_tokens, host.http, host.platform, host.trinity, host.now)


def configured_agents(host: Parts) -> AgentRuntime:
    """Runs the agents of the settings, and all of the platform where those are served."""
    any_other = ON_THE_PLATFORM if host.trinity else None
    return ConfiguredAgents(host.agents, host.platform, host.http, host.now, any_other=any_other)


def instructed(agents: AgentRuntime, source: InstructionSource | None) -> AgentRuntime:
    """The agents with what the application has set for them, if it has such settings."""
    return InstructedAgents(agents, source) if source else agents


def self_service(host: Parts) -> SelfService:
    """What the host itself offers people in a chat."""
    escalation = Escalation(host.owner_settings, host.agents)
    return SelfService(
        Login(host.store, host.vault, host.mailer, host.now, host.metrics),
        escalation,
        Disclosure(host.owner_settings, escalation, host.limits),
        Lifetime(host.limits),
        host.trinity.unseen if host.trinity else lambda _: "",
    )


def turns(host: Parts, agents: AgentRuntime, vouching: Vouching, indicator: Indicator, lateness: Lateness) -> Turns:
    """The loop over what waits in a conversation, with the steps before the agent and the agent's turns."""
    store, now = host.store, host.now
    budget = Budget(host.limits)
    notices = Notices(budget, host.metrics, now)
    senders = Senders(store, host.blocks, vouching, now)
    quotes = Quotes(store, host.bindings)
    attempts = Attempts(store, quotes, host.instructions, host.self_service.disclosure, now)
    endings = Endings(store, notices, lateness, host.metrics, now)
    runs = AgentRuns(attempts, AgentCall(agents, indicator, host.metrics), endings, now)
    next_steps = _next_steps(host, senders, vouching, notices, lateness)
    steps = Steps(host.self_service.login, notices, attempts)
    first_attempts = FirstAttempts(host.slots, next_steps, steps, runs, now)
    admission = Admission(store, senders, host.directory, lateness, now)
    agent_turns = AgentTurns(admission, host.slots, attempts, runs, endings, now)
    return Turns(store, host.plugins, next_steps, first_attempts, agent_turns, now)


def webhook(host: Parts, indicator: Indicator, diagnosis: Diagnosis, catch_up: CatchUp) -> Webhook:
    """The edge that takes what providers bring."""
    notices = OwnerNotices(host.store, host.now)
    return Webhook(
        host.plugins,
        WebhookKeys(host.bindings, host.plugins, host.unknown_webhooks, notices, host.now),
        Authentication(diagnosis, notices, host.now),
        Intake(host.store, indicator, notices, host.now),
        catch_up,
        host.metrics,
    )


def open_keys(tx: Tx) -> set[str]:
    """What there is to do, as the dispatcher calls it."""
    return {f"turn:{one}" for one in conversation_state.with_work(tx)} | {
        f"deliver:{one}" for one in deliveries.with_work(tx)
    }


def listeners(host: Parts, indicator: Indicator, catch_up: CatchUp) -> Listeners:
    """What fetches messages where providers bring none."""
    intake = Intake(host.store, indicator, OwnerNotices(host.store, host.now), host.now)
    client = partial(open_client, LISTENERS) if isinstance(host.http, Client) else None
    return Listeners(host.store, host.bindings, Delivered(intake, catch_up, host.metrics, host.now), client, host.now)


def _next_steps(host: Parts, senders: Senders, vouching: Vouching, notices: Notices, lateness: Lateness) -> NextSteps:
    login = host.self_service.login
    bursts = Bursts(timedelta(seconds=host.settings.gather_seconds), lateness)
    preparation = Preparation(host.store, host.directory, host.self_service, vouching)
    direct = DirectSteps(senders, preparation, Means(host.self_service, notices), bursts, host.now)
    groups = GroupSteps(Writers(senders, host.directory), login, notices, bursts, host.now)
    return NextSteps(host.store, senders, direct, groups)
