"""What an application that mounts the channels may bring along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from trinity_channels.access.directory import Directory
from trinity_channels.agents.port import AgentRuntime
from trinity_channels.mail.port import Mailer
from trinity_channels.plugins import Plugins
from trinity_channels.settings import Settings
from trinity_channels.web.auth import Authenticator


@dataclass(frozen=True, slots=True)
class Ports:
    """What the surrounding application provides; what it leaves out comes from our own tables and settings."""

    agents: AgentRuntime | None = None
    directory: Directory | None = None
    authenticator: Authenticator | None = None
    mailer: Mailer | None = None
    http: httpx.AsyncClient | None = None
    plugins: Plugins | None = None
    now: Callable[[], datetime] | None = None
    read_settings: Callable[[], Settings] | None = None
    """Reads the settings again, for a host whose agents can change while it runs."""


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)
