"""`agents`: where each agent is connected, whether that works, and what waits for its owner."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import Any

from trinity_channels.cli.terminal import say

LISTS = {
    "pending_requests": "requests",
    "parked_turns": "failed",
    "failed_deliveries": "deliveries --failed",
}
"""The command that lists what is counted."""


def agents() -> None:
    """List the agents with their channels, and count what needs attention; as a running server sees it."""
    from trinity_channels.cli import tables
    from trinity_channels.cli.host_api import ask

    found, _ = ask("GET", "/api/agents", reads=True)
    if not found:
        say(
            "No agent is configured. Add a table [agents.<name>] to a file, and name that file in TRINITY_CHANNELS_CONFIG."
        )
        return
    rows = [
        (one["name"], one["owner"] or "-", _channels(one), *(one[count] or "-" for count in LISTS)) for one in found
    ]
    tables.show(("agent", "owner", "channels", "requests", "failed questions", "not delivered"), rows)
    for one in found:
        for at in one["channels"]:
            if at["cause"]:
                say(f"\n{one['name']} on {at['title']}, {at['state']}: {at['cause']}")
    # Only commands that would list something.
    closer = [f"`trinity-channels {name}`" for count, name in LISTS.items() if any(one[count] for one in found)]
    if closer:
        say(f"\nLook closer with {', '.join(closer)}.")


def _channels(agent: dict[str, Any]) -> str:
    return ", ".join(f"{at['channel']} {at['state']}" for at in agent["channels"]) or "not connected"
