"""What an application that mounts the channels may bring along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from trinity_channels.access.directory import Directory
from trinity_channels.agents.instructed import InstructionSource
from trinity_channels.agents.port import AgentRuntime
from trinity_channels.bindings.public_address import AddressSource
from trinity_channels.http_client.websockets import OpenTo
from trinity_channels.mail.port import Mailer
from trinity_channels.plugins import Plugins
from trinity_channels.settings import Settings
from trinity_channels.web.auth import Authenticator


@dataclass(frozen=True, slots=True)
class Ports:
    """What the surrounding application provides; what it leaves out comes from our own tables and settings.

    Raises:
        TypeError: a port lacks methods of its protocol.
    """

    agents: AgentRuntime | None = None
    directory: Directory | None = None
    authenticator: Authenticator | None = None
    mailer: Mailer | None = None
    address: AddressSource | None = None
    instructions: InstructionSource | None = None
    http: httpx.AsyncClient | None = None
    websocket: OpenTo | None = None
    plugins: Plugins | None = None
    now: Callable[[], datetime] | None = None
    read_settings: Callable[[], Settings] | None = None
    """Reads the settings again, for a host whose agents can change while it runs."""

    def __post_init__(self) -> None:
        # Here, where the application can see it, and not in the first turn that needs the method.
        for name, protocol in _PROTOCOLS.items():
            given = getattr(self, name)
            lacking = [one for one in _methods(protocol) if not callable(getattr(given, one, None))]
            if given is not None and lacking:
                needed = f"{protocol.__module__}.{protocol.__name__}"
                raise TypeError(f"Ports.{name} lacks {', '.join(lacking)}: {type(given).__name__} must be a {needed}.")


_PROTOCOLS: dict[str, type] = {
    "agents": AgentRuntime,
    "directory": Directory,
    "authenticator": Authenticator,
    "mailer": Mailer,
    "address": AddressSource,
    "instructions": InstructionSource,
}


def _methods(protocol: type) -> list[str]:
    return [name for name in vars(protocol) if not name.startswith("_")]


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)
