"""What a platform with channels of its own would hand over, beside the world that takes it."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.channels.net import Net
from tests.cli.conftest import Terminal
from trinity_channels.store.tables import BINDING, INBOUND_HOUR, SETTING, SWEEP, WAKE
from trinity_channels.store.tables.row import METADATA

PATH = "/api/settings/import-trinity"
KEYS = {
    "whatsapp": "fake-platform-secret-whatsapp-0123456789",
    "telegram": "fake-platform-secret-telegram-0123456789",
    "slack": "fake-platform-secret-slack-0123456789",
}
TOKEN = "fake-platform-header-token"
ZOE = "zoe@example.org"
EARLIER = "2026-02-20T08:00:00Z"


def address(net: Net, channel: str, name: str) -> str:
    """How the channel writes a person's address."""
    phone: Any = net.simulators[channel].phone(name)
    match channel:
        case "whatsapp":
            return f"whatsapp:{phone.number}"
        case "telegram":
            return str(phone.id)
        case _:
            return str(phone.address)


def contact(net: Net, channel: str, name: str, email: str | None = ZOE, **fields: Any) -> dict[str, Any]:
    """A person who wrote to the platform; with an e-mail that they verified there, unless it is None."""
    return {
        "address": address(net, channel, name),
        "stable": channel != "whatsapp",
        "name": name,
        "verified_email": email,
        "verified_at": EARLIER if email else None,
        "last_active": EARLIER,
        **fields,
    }


def binding(net: Net, channel: str = "whatsapp", *contacts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The agent `support` on a channel of the platform."""
    return {
        "agent": "support",
        "channel": channel,
        "settings": dict(net.simulators[channel].settings()),
        "webhook_secret": KEYS[channel],
        "webhook_token": TOKEN,
        "contacts": list(contacts),
        **fields,
    }


def document(*bindings: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """All of it; a copy, to be changed."""
    return copy.deepcopy({"version": 1, "bindings": list(bindings), "policies": [], "shares": [], **fields})


def rows(net: Net) -> list[str]:
    """Everything in the database but what the host's periodic work notes for itself, whenever it runs."""
    return [
        f"{table.name} {row}"
        for table in METADATA.tables.values()
        if table not in {INBOUND_HOUR, SETTING, SWEEP, WAKE}
        for columns in [", ".join(column.name for column in table.columns if column is not BINDING.c.swept_days)]
        for row in sorted(net.rows(f"SELECT {columns} FROM {table.name}"), key=str)  # noqa: S608  names of ours
    ]


async def moved(terminal: Terminal, given: dict[str, Any], *arguments: str) -> Any:
    """What the command says about a document in a file."""
    file = terminal.folder / "platform.json"
    file.write_text(json.dumps(given))
    file.chmod(0o600)
    return await terminal.beside("import-trinity", str(file), *arguments)
