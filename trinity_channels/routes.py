"""The JSON API of a host: every group of routes with the services that it calls."""

from __future__ import annotations

from collections.abc import Iterator

from trinity_channels.access.audit_log import AuditLog
from trinity_channels.bindings.usage import ChannelUsage
from trinity_channels.diagnostics import Diagnostics
from trinity_channels.host import Host
from trinity_channels.people.recent_messages import RecentMessages
from trinity_channels.route_groups import Group
from trinity_channels.web.access_api import AccessApi
from trinity_channels.web.agent_changes_api import AgentChangesApi
from trinity_channels.web.agents_api import AgentsApi
from trinity_channels.web.audit_api import AuditApi
from trinity_channels.web.bindings_api import BindingsApi
from trinity_channels.web.catch_up_api import CatchUpApi
from trinity_channels.web.channels_api import ChannelsApi
from trinity_channels.web.conversations_api import ConversationsApi
from trinity_channels.web.deliveries_api import DeliveriesApi
from trinity_channels.web.diagnosis_api import DiagnosisApi
from trinity_channels.web.disclosure_api import DisclosureApi
from trinity_channels.web.escalation_api import EscalationApi
from trinity_channels.web.failed_turns_api import FailedTurnsApi
from trinity_channels.web.import_api import ImportApi
from trinity_channels.web.instructions_api import InstructionsApi
from trinity_channels.web.people_api import PeopleApi
from trinity_channels.web.proactive_api import ProactiveApi
from trinity_channels.web.recent_messages_api import RecentMessagesApi
from trinity_channels.web.reload_api import ReloadApi
from trinity_channels.web.retention_api import RetentionApi
from trinity_channels.web.route import Router
from trinity_channels.web.sessions_api import SessionsApi
from trinity_channels.web.set_up_api import SetUpApi
from trinity_channels.web.settings_api import SettingsApi
from trinity_channels.web.tokens_api import TokensApi
from trinity_channels.web.trial_api import TrialApi


def routers(host: Host) -> Iterator[tuple[Group, Router]]:
    """The routers of the JSON API with their groups, in the order of its description."""
    channels = BindingsApi(host.guard, host.connections, host.statuses, host.owners_way_in, host.plugins)
    trials = TrialApi(host.guard, host.connections, host.trials, host.plugins)
    recent = RecentMessagesApi(host.guard, RecentMessages(host.store, host.may), host.plugins)
    yield Group.CHANNELS, AgentsApi(host.guard, host.overviews).router()
    missed = CatchUpApi(host.guard, host.missed, host.plugins)
    yield from ((Group.CHANNELS, channels.router(channel)) for channel in host.plugins)
    yield from ((Group.CHANNELS, trials.router(channel)) for channel in host.plugins)
    yield from ((Group.CHANNELS, recent.router(channel)) for channel in host.plugins)
    yield from ((Group.CHANNELS, missed.router(channel)) for channel in host.plugins)
    access = AccessApi(host.guard, host.sharing, host.pending_requests, host.policy_effects, host.roster)
    yield Group.ACCESS, access.router()
    yield Group.ACCESS, EscalationApi(host.guard, host.self_service.escalation).router()
    yield Group.ACCESS, DisclosureApi(host.guard, host.self_service.disclosure).router()
    yield Group.ACCESS, InstructionsApi(host.guard, host.instructions).router()
    yield Group.PEOPLE, PeopleApi(host.guard, host.contacts, host.exports, host.self_service.lifetime).router()
    yield Group.PEOPLE, RetentionApi(host.guard, host.retention_periods).router()
    yield Group.MESSAGES, ConversationsApi(host.guard, host.conversation_list, host.conversations).router()
    yield Group.MESSAGES, FailedTurnsApi(host.guard, host.parked_turns).router()
    yield Group.MESSAGES, DeliveriesApi(host.guard, host.sent).router()
    yield Group.MESSAGES, ProactiveApi(host.guard, host.proactive).router()
    yield Group.SETTINGS, AuditApi(host.guard, AuditLog(host.store, host.may, host.actors), host.plugins.title).router()
    yield Group.SETTINGS, SettingsApi(host.guard, host.address_change, host.limits, host.host_settings).router()
    yield Group.CHANNELS, ChannelsApi(host.guard, host.plugins, ChannelUsage(host.store)).router()
    diagnostics = Diagnostics(host, host.way_in.prove)
    yield Group.SETTINGS, DiagnosisApi(host.guard, host.owners_way_in, diagnostics.examine_for).router()
    yield Group.SETTINGS, SetUpApi(host.guard, host.set_up).router()
    yield Group.SETTINGS, AgentChangesApi(host.guard, host.agent_changes).router()
    yield Group.SETTINGS, ImportApi(host.guard, lambda: host.platform_import).router()
    yield Group.SETTINGS, ReloadApi(host.guard, host.reload).router()
    # Within an application there are no tokens and no sessions of ours.
    if host.tokens:
        yield Group.SETTINGS, TokensApi(host.guard, host.tokens).router()
        yield Group.SETTINGS, SessionsApi(host.guard, host.sessions).router()
