"""The pages of a host: every module of them with the services that it calls. Imported when the first page is asked for."""

from __future__ import annotations

from trinity_channels.access.audit_log import AuditLog
from trinity_channels.access.sign_in_links import SignInLinks
from trinity_channels.bindings.usage import ChannelUsage
from trinity_channels.host import Host
from trinity_channels.people.recent_messages import RecentMessages
from trinity_channels.web.pages.agents import AgentsPages
from trinity_channels.web.pages.appearance import AppearancePages
from trinity_channels.web.pages.application_sign_in import (
    ApplicationGate,
    ApplicationSignInPages,
    ApplicationTokens,
)
from trinity_channels.web.pages.audit import AuditPages
from trinity_channels.web.pages.channel import ChannelPages
from trinity_channels.web.pages.channel_trial import ChannelTrialPages
from trinity_channels.web.pages.channel_views import ChannelViews
from trinity_channels.web.pages.clients import ClientPages
from trinity_channels.web.pages.conversation import ConversationPages, ConversationViews
from trinity_channels.web.pages.conversation_remedies import RemedyPages
from trinity_channels.web.pages.conversations import ConversationsPages
from trinity_channels.web.pages.cookies import Said, SessionCookie
from trinity_channels.web.pages.gate import Gate, SessionGate
from trinity_channels.web.pages.https import Https
from trinity_channels.web.pages.human_contact import HumanContactPages
from trinity_channels.web.pages.limits import LimitPages
from trinity_channels.web.pages.live import Live
from trinity_channels.web.pages.page import Pages
from trinity_channels.web.pages.place import LinkPlace
from trinity_channels.web.pages.plugins import PluginSection
from trinity_channels.web.pages.render import Templates
from trinity_channels.web.pages.set_up import SetUpPages
from trinity_channels.web.pages.settings import SettingsPages
from trinity_channels.web.pages.sharing import SharingPages, SharingServices
from trinity_channels.web.pages.signin import SignInPages
from trinity_channels.web.pages.signout import SignOutPages
from trinity_channels.web.pages.site import Site
from trinity_channels.web.pages.tokens import TokenPages
from trinity_channels.web.pages.visit import Desk


def site(host: Host, prefix: str) -> Site:
    """All pages, as they are below `prefix`."""
    links = SignInLinks(host.store, host.directory, host.mailer, host.vault, host.metrics, host.now)
    https = Https(host.address, host.settings.pages_url)
    desk = Desk(Templates(), Said(host.vault), https, prefix, now=host.now)
    gate, signing_in = _gate(host, links, https)
    # The number of commits, not their content: a part is made again after any of them, and sent only if it differs.
    live = Live(gate, lambda: host.store.commits)
    return Site([*signing_in, *_modules(host, live)], gate, host.may, desk, [live.stop, links.stop])


def _modules(host: Host, live: Live) -> list[Pages]:
    """The pages for people who are signed in."""
    set_up = SetUpPages(host.set_up, host.reload)
    limits = LimitPages(host.limits, host.host_settings)
    audit = AuditPages(AuditLog(host.store, host.may, host.actors), host.plugins)
    installed = PluginSection(host.plugins, ChannelUsage(host.store))
    views = ChannelViews(host.statuses, host.plugins)
    recent = RecentMessages(host.store, host.may)
    sharing = SharingServices(host.sharing, host.pending_requests, host.policy_effects, host.contacts, host.actors)
    human = HumanContactPages(host.self_service.escalation)
    talks = ConversationViews(host.conversations, host.actors, host.plugins)
    return [
        AgentsPages(host.overviews, host.readiness, set_up, live, host.plugins),
        SharingPages(sharing, views, human, host.plugins, live),
        human,
        ClientPages(host.contacts, host.exports, host.plugins),
        ChannelPages(views, host.connections, host.owners_way_in, recent, live),
        ChannelTrialPages(views, host.trials, host.sent, live),
        ConversationsPages(host.conversation_list, host.plugins, live),
        ConversationPages(talks, live),
        RemedyPages(talks, host.sent, host.parked_turns, host.sharing),
        SettingsPages(host.address_change, host.owners_way_in, host.tokens, set_up, (limits, installed, audit)),
        limits,
        set_up,
        audit,
        *([TokenPages(host.tokens)] if host.tokens else []),
        AppearancePages(),
    ]


def _gate(host: Host, links: SignInLinks, https: Https) -> tuple[Gate, list[Pages]]:
    """Who may come in, and the pages for that."""
    cookie = SessionCookie(https)
    out = SignOutPages(host.sessions, cookie)
    if host.tokens is None:
        # Within another application people sign in there, or here with a token of it.
        authenticator = host.guard.authenticator
        tokens = ApplicationTokens(authenticator, host.sessions, host.vault, cookie)
        return (
            ApplicationGate(authenticator, tokens),
            [ApplicationSignInPages(tokens, host.sessions, host.guard.failed), out],
        )
    place = LinkPlace(host.address, host.settings.pages_url)
    signing_in = SignInPages(host.sessions, links, host.own_tokens, host.guard.failed, cookie, place)
    return SessionGate(host.sessions, host.own_tokens, cookie), [signing_in, out]
