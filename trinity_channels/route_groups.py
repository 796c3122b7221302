"""The groups of routes, without the routes: those of the API are imported with its first request."""

from __future__ import annotations

from enum import StrEnum


class Group(StrEnum):
    """Routes that another application takes or leaves together."""

    WEBHOOKS = "webhooks"
    """What providers call, and the links in owners' mails, which are below the same paths."""
    CHANNELS = "channels"
    """Agents, what they are connected to, and whether that works."""
    ACCESS = "access"
    """Who may talk to an agent, and what people are told about it."""
    PEOPLE = "people"
    """Who has written, and how long their messages are kept."""
    MESSAGES = "messages"
    """Conversations, deliveries, and messages that agents send first."""
    SETTINGS = "settings"
    """The host's own: settings, diagnostics, tokens, the audit log."""
    PAGES = "pages"
