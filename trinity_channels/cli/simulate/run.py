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


async def run(channel: str, port: int, webhook: str, *, listen: bool) -> None:
    """Serve the simulator of a channel on this machine until told to stop; `listen`: for a host that fetches messages.

    Raises:
        CommandFailed: the channel has no simulator, or cannot be listened to, or the port is taken.
        typer.BadParameter: the webhook URL cannot be one.
    """
    plugins = load()
    check(plugins, channel, listen=listen)
    listen = listen or not plugins[channel].receives
    with servers.bind(LOOPBACK, port) as bound:
        url = servers.address(bound)
        # trust_env: a proxy of the user's would be asked for addresses of this machine
        async with httpx.AsyncClient(trust_env=False, timeout=15) as http:
            base_url = f"{url}/{channel}"
            simulator = plugins[channel].simulator(Context(http, utc_now, api_base_url=base_url))
            simulated = Simulated(plugins[channel].manifest, simulator, base_url, listening=listen)
            if listen:
                # What the owner does in the provider's console for this way, where there is something to do.
                getattr(simulator, "prepare_listening", lambda: None)()
            simulator.phone(GREETED)
            if webhook:
                _enter(simulated, webhook)
            async with servers.serving(application(simulated), bound, websockets=True):
                typer.echo(welcome(simulated, url))
                await servers.until_told_to_stop()
                typer.echo("Stopping. Nothing is kept.")


def check(plugins: Plugins, channel: str, *, listen: bool = False) -> None:
    """Check that a channel can be simulated, perhaps for a host that fetches its messages.

    Raises:
        CommandFailed: naming those that can.
    """
    able = [name for name in plugins if plugins[name].manifest.capabilities.simulator]
    if channel in able and listen and not plugins[channel].listens:
        raise CommandFailed(f"Messages of {plugins[channel].manifest.title} come by webhook only; leave --listen out.")
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
    manifest = simulated.manifest
    command = simulated.connect_command().replace("\n", "\n     ")
    variables = f"export {simulated.variable}={simulated.base_url}"
    if simulated.listening:
        address = "needs no public address"
    else:
        address = "needs no other public address than its own; with\n   another --port than 8000, change that in it"
        variables += "\n     export TRINITY_CHANNELS_PUBLIC_CHAT_URL=http://127.0.0.1:8000"
    other = (
        "\n\nWith --listen the host fetches the messages, and needs no public address." if _offers(simulated) else ""
    )
    write = (
        "3. Write on the phone."
        if simulated.listening or manifest.capabilities.registers_unasked(sandbox=False)
        else "3. Enter the webhook URL that the last command shows on the console, and write on the phone."
    )
    return f"""\
A simulator of {manifest.title} on this machine. It has no connection to {manifest.title}, and nothing is kept.

  Phone     {simulated.base_url}/
  Console   {url}/

1. Let the host use it, and start it again. A host on this machine {address}:

     {variables}

2. Connect an agent. Its credentials are invented:

     {command}

{write}{other}

Ctrl-C ends it."""


def _offers(simulated: Simulated) -> bool:
    """Whether there is the other way, too."""
    return simulated.manifest.capabilities.listen and not simulated.listening
