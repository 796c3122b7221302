"""The demo for people: set the stage, say where to look, wait for Ctrl-C."""

from __future__ import annotations

import typer

from trinity_channels.cli import servers
from trinity_channels.cli.demo.stage import AGENT, Stage, staged

GREETED = "Zoe"
"""Somebody whose phone is there from the start, so that the page is not empty."""


async def attend(port: int) -> None:
    """Run the demo until somebody stops it."""
    async with staged(port) as stage:
        for simulator in stage.simulators.values():
            simulator.phone(GREETED)
        typer.echo(_welcome(stage))
        await servers.until_told_to_stop()
        typer.echo("\nStopping. Nothing is kept.")


def _welcome(stage: Stage) -> str:
    requests = f"{stage.url}/api/agents/{AGENT}/access-requests"
    phones = "\n".join(f"  Phone, {name:<15}{stage.outside}/{name}/" for name in stage.simulators)
    return f"""\
A demo of trinity_channels: everything runs on this machine, the providers are simulated, nothing is kept.

  Start here            {stage.outside}/
                        phone, mailbox and access requests side by side
{phones}
  Mailbox               {stage.outside}/mailbox
  API                   {stage.url}/docs
  Admin token           {stage.owner.token}

Write something on the phone, sign in with /login you@example.org, and approve the request: on the first page, or with

  curl -H "Authorization: Bearer {stage.owner.token}" {requests}

  curl -X POST {requests}/1/decide \\
    -H "Authorization: Bearer {stage.owner.token}" \\
    -H "Content-Type: application/json" \\
    -d '{{"approve": true}}'

Ctrl-C ends it."""
