"""`explain`: which rule lets a person in or stops them, and everything that rule looked at."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from trinity_channels.cli.terminal import say

if TYPE_CHECKING:
    from trinity_channels.app import Host
    from trinity_channels.cli.explain_report import Asked


def explain(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="The agent's name.")],
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="An address on a channel, or an e-mail.")],
) -> None:
    """Say which rule lets a person reach an agent or stops them."""
    from trinity_channels.access.directory import owner_of
    from trinity_channels.cli import offline
    from trinity_channels.cli.errors import CommandFailed

    if not address.strip():
        raise typer.BadParameter("Give an address on a channel, or an e-mail.", param_hint="ADDRESS")

    async def ask(host: Host) -> list[Asked]:
        from trinity_channels.cli.explain_report import look_up

        offline.known_agent(host.settings, agent)
        if await owner_of(host.directory, agent) is None:
            raise CommandFailed(f"Unknown agent {agent!r}.")
        return await look_up(host, agent, address.strip())

    for number, asked in enumerate(offline.with_host(ask)):
        if number:
            say()
        say(asked.title, bold=True)
        width = max(len(name) for name, _ in asked.facts) + 3
        for name, fact in asked.facts:
            say(f"  {name:<{width}}{fact}")
        say(f"  → {asked.outcome}\n    {asked.rule}")
