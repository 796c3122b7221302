"""The demo for people: set up the environment, print where to look, wait for Ctrl-C."""

from __future__ import annotations

import typer

from trinity_channels.cli import servers
from trinity_channels.cli.demo.environment import AGENT, Environment, set_up
from trinity_channels.observability.log import configure_logging

GREETED = "Zoe"
"""A person whose phone exists from the start, so that the page is not empty."""


async def attend(port: int, *, listen: bool) -> None:
    """Run the demo until it is stopped."""
    async with set_up(port, listen=listen) as environment:
        # Only now: a host without its Public Chat URL warns, and this one gets its own once it listens.
        configure_logging("WARNING", json=False)
        for simulator in environment.simulators.values():
            simulator.phone(GREETED)
        typer.echo(_welcome(environment))
        await servers.until_told_to_stop()
        typer.echo("\nStopping. Nothing is kept.")


def _welcome(environment: Environment) -> str:
    requests = f"{environment.url}/api/agents/{AGENT}/access-requests"
    title = environment.host.plugins.title
    lines = [
        ("Start here", f"{environment.providers_url}/"),
        ("", "a guide, the owner's pages and a phone side by side"),
        *((f"Phone, {title(name)}", f"{environment.providers_url}/{name}/") for name in environment.simulators),
        *((f"{title(name)} failed", reason) for name, reason in environment.failed.items()),
        ("Mailbox", f"{environment.providers_url}/mailbox"),
        ("API", f"{environment.url}/docs"),
        ("Admin token", environment.owner.token),
    ]
    width = max(len(label) for label, _ in lines) + 2
    listed = "\n".join(f"  {label:<{width}}{value}" for label, value in lines)
    return f"""\
A demo of trinity_channels: everything runs on this machine, the providers are simulated, nothing is kept.

{listed}

Write something on the phone, sign in with /login you@example.com, and approve the request: on the first page, or with

  curl -H "Authorization: Bearer {environment.owner.token}" {requests}

  curl -X POST {requests}/1/decide \\
    -H "Authorization: Bearer {environment.owner.token}" \\
    -H "Content-Type: application/json" \\
    -d '{{"approve": true}}'

Ctrl-C ends it."""
