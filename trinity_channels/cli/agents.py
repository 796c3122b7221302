"""`agents`: where each agent is connected, whether that works, and what waits for its owner."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import Annotated, Any

import typer

from trinity_channels.cli.terminal import say

app = typer.Typer(help="List the agents, or tell the host that one was renamed or deleted.")
LISTS = {
    "pending_requests": "requests",
    "parked_turns": "failed",
    "failed_deliveries": "deliveries --failed",
}
"""The command that lists what is counted."""


@app.callback(invoke_without_command=True)
def agents(ctx: typer.Context) -> None:
    """List the agents with their channels, and count what needs attention; as a running server sees it."""
    if ctx.invoked_subcommand is not None:
        return
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


@app.command()
def rename(
    agent: Annotated[str, typer.Argument(metavar="OLD", help="What the agent was called.")],
    name: Annotated[str, typer.Argument(metavar="NEW", help="What it is called now.")],
) -> None:
    """Move everything that is stored for an agent to its new name: channels, people, conversations, settings, tokens."""
    _tell("agent-renamed", {"agent": agent, "name": name})


@app.command()
def delete(
    agent: Annotated[str, typer.Argument(metavar="NAME", help="What the agent was called.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove everything that is stored for an agent, people and conversations included; the audit log stays."""
    if not yes:
        typer.confirm(f"Remove all people, conversations and settings of {agent}? This cannot be undone.", abort=True)
    _tell("agent-deleted", {"agent": agent})


def _tell(change: str, body: dict[str, str]) -> None:
    from trinity_channels.cli.host_api import ask

    found, _ = ask("POST", f"/api/settings/{change}", body)
    say(found["message"])


def _channels(agent: dict[str, Any]) -> str:
    return ", ".join(f"{at['channel']} {at['state']}" for at in agent["channels"]) or "not connected"
