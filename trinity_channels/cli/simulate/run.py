"""Run a simulator as a server, and say how a host uses it."""

from __future__ import annotations

import httpx
import typer

from trinity_channels.api import Context
from trinity_channels.cli import servers
from trinity_channels.cli.errors import CommandFailed
from trinity_channels.cli.simulate.console import Simulated, application, webhook_url
from trinity_channels.plugins import Plugins, load
from trinity_channels.ports import utc_now

LOOPBACK = "127.0.0.1"
GREETED = "Zoe"
"""A person whose phone exists from the start, so that the page is not empty."""


async def run(channel: str, port: int, webhook: str) -> None:
    """Serve the simulator of a channel on this machine until told to stop.

    Raises:
        CommandFailed: the channel has no simulator, or the port is taken.
        typer.BadParameter: the webhook URL cannot be one.
    """
    plugins = load()
    check(plugins, channel)
    with servers.bind(LOOPBACK, port) as bound:
        url = servers.address(bound)
        # trust_env: a proxy of the user's would be asked for addresses of this machine
        async with httpx.AsyncClient(trust_env=False, timeout=15) as http:
            base_url = f"{url}/{channel}"
            simulator = plugins[channel].simulator(Context(http, utc_now, api_base_url=base_url))
            simulated = Simulated(plugins[channel].manifest, simulator, base_url)
            simulator.phone(GREETED)
            if webhook:
                _enter(simulated, webhook)
            async with servers.serving(application(simulated), bound, websockets=True):
                typer.echo(welcome(simulated, url))
                await servers.until_told_to_stop()
                typer.echo("Stopping. Nothing is kept.")


def check(plugins: Plugins, channel: str) -> None:
    """Check that a channel can be simulated.

    Raises:
        CommandFailed: naming those that can.
    """
    able = [name for name in plugins if plugins[name].manifest.capabilities.simulator]
    if channel not in able:
        known = ", ".join(able) or "none"
        raise CommandFailed(
            f"No simulator for {channel!r}. Channels with one: {known}. `trinity-channels plugins` lists all."
        )


def _enter(simulated: Simulated, webhook: str) -> None:
    try:
        simulated.simulator.connect(webhook_url(webhook))
    except ValueError as error:
        raise typer.BadParameter(f"It {error}.", param_hint="--webhook") from None


def welcome(simulated: Simulated, url: str) -> str:
    """What a person who starts it is told."""
    title = simulated.manifest.title
    command = simulated.connect_command().replace("\n", "\n     ")
    last = (
        "3. Write on the phone."
        if simulated.manifest.capabilities.registers_unasked(sandbox=False)
        else "3. Enter the webhook URL that the last command shows on the console, and write on the phone."
    )
    fetching = (
        "\n   Without a public address: leave the last line of 1 out, and add --listen to the command.\n"
        if simulated.listens
        else ""
    )
    return f"""\
A simulator of {title} on this machine. It has no connection to {title}, and nothing is kept.

  Phone     {simulated.base_url}/
  Console   {url}/

1. Let the host use it, and start it again. A host on this machine needs no other public address than its own; with
   another --port than 8000, change that in it:

     export {simulated.variable}={simulated.base_url}
     export TRINITY_CHANNELS_PUBLIC_CHAT_URL=http://127.0.0.1:8000

2. Connect an agent. Its credentials are invented:

     {command}
{fetching}
{last}

Ctrl-C ends it."""
