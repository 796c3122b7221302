"""`catch-up`: fetch what the providers list and this host does not have."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import Annotated

import typer

from trinity_channels.cli.terminal import say


def catch_up(
    agent: Annotated[str, typer.Argument(metavar="[AGENT]", help="Only this agent.")] = "",
    channel: Annotated[str, typer.Argument(metavar="[CHANNEL]", help="Only on this channel.")] = "",
    *,
    since: Annotated[
        str,
        typer.Option(
            "--since",
            metavar="WHEN",
            help="A date, a time in UTC, or how long ago: 90m, 24h. Default: the last message that arrived.",
        ),
    ] = "",
) -> None:
    """Fetch messages that the providers could not deliver, as far back as they list them.

    A server does this automatically when it starts and after failures. With no server running the messages are stored, and
    answered when it starts.
    """
    from trinity_channels.cli.errors import CommandFailed
    from trinity_channels.cli.host_api import agent_path, ask
    from trinity_channels.cli.running import HostRefused
    from trinity_channels.cli.since import since as parse_since
    from trinity_channels.plugins import load
    from trinity_channels.ports import utc_now

    start = parse_since(since, utc_now())
    body = {"since": start.isoformat()} if start else {}
    wanted = _wanted(agent, channel)
    failed = False
    running = True
    plugins = load()
    for name, on in wanted:
        try:
            answer, running = ask("POST", agent_path(name, on, "catch-up"), body)
            say(f"{name} on {plugins.title(on)}: {answer['message']}")
        # One binding that cannot be asked must not keep the others from being fetched.
        except HostRefused as refused:
            # without an agent on the command line, an agent without work is not a failure
            failed = failed or bool(agent) or refused.code not in ("cannot_list", "since_required")
            say(f"{name} on {plugins.title(on)}: {refused}", err=True)
    if not running:
        say("No server is running; what was fetched is answered when it starts.")
    if failed:
        raise CommandFailed("Not everything could be fetched.")


def _wanted(agent: str, channel: str) -> list[tuple[str, str]]:
    """The agents and channels that are meant."""
    from trinity_channels.cli.channels import manifest_of
    from trinity_channels.cli.errors import CommandFailed
    from trinity_channels.cli.host_api import ask

    if agent and channel:
        manifest_of(channel)
        return [(agent, channel)]
    listed, _ = ask("GET", "/api/agents", reads=True)
    known = {one["name"]: [at["channel"] for at in one["channels"]] for one in listed if one["owner"]}
    if agent and agent not in known:
        raise CommandFailed(f"Unknown agent {agent!r}. Configured agents: {', '.join(known) or 'none'}.")
    found = [(name, on) for name, channels in known.items() for on in channels if agent in ("", name)]
    if not found:
        raise CommandFailed(f"{agent} is not connected." if agent else "No agent is connected.")
    return found
