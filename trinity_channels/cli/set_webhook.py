"""`set-webhook`: point a provider at this host, after a rotation or with a new public address."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import Annotated

import typer

from trinity_channels.cli.terminal import say


def set_webhook(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="The agent's name.")],
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="A channel, as `plugins` lists it.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also if it posts to another webhook at present, which then gets nothing.")
    ] = False,
) -> None:
    """Have the provider post an agent's messages to this host, where its API allows that.

    Where it does not, such as for a sandbox, the error says so: enter the webhook URL in the provider's console.
    """
    from trinity_channels.cli.channels import manifest_of
    from trinity_channels.cli.errors import CommandFailed
    from trinity_channels.cli.host_api import agent_path, ask
    from trinity_channels.cli.running import HostRefused

    title = manifest_of(channel).title
    try:
        answer, running = ask("POST", agent_path(agent, channel, "set-webhook"), {"replace": replace})
    except HostRefused as refused:
        if refused.code != "webhook_elsewhere":
            raise
        raise CommandFailed(f"{refused} Say --replace to do so.") from None
    say(f"{title} posts the messages for {answer['agent_name']} to {answer['webhook_url']}")
    if not running:
        say("No server is running; start it with `trinity-channels serve`.")
