"""`agents`: where each agent is connected, whether that works, and what waits for its owner."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

import typer


def agents() -> None:
    """List the agents with their channels, and count what needs attention."""
    from trinity_channels.cli import desk, tables

    found = desk.with_host(lambda host: host.overviews.of(None))
    if not found:
        typer.echo(
            "No agent is configured. Add a table [agents.<name>] to a file, and name that file in TRINITY_CHANNELS_CONFIG."
        )
        return
    rows = [
        (
            one.name,
            one.owner or "-",
            ", ".join(f"{at.channel} {at.state}" for at in one.channels) or "not connected",
            one.waiting.requests or "-",
            one.waiting.turns or "-",
            one.waiting.deliveries or "-",
        )
        for one in found
    ]
    tables.show(("agent", "owner", "channels", "requests", "parked turns", "not delivered"), rows)
    for one in found:
        for at in one.channels:
            if at.cause:
                typer.echo(f"\n{one.name} on {at.channel}, {at.state}: {at.cause}")
    hints = {
        "requests": any(one.waiting.requests for one in found),
        "failed": any(one.waiting.turns for one in found),
        "deliveries --failed": any(one.waiting.deliveries for one in found),
    }
    if any(hints.values()):
        lists = ", ".join(f"`trinity-channels {name}`" for name, wanted in hints.items() if wanted)
        typer.echo(f"\nLook closer with {lists}.")
