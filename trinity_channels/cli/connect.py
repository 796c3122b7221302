"""`connect`: an agent on a channel, with settings from options, variables, or questions on a terminal."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trinity_channels.cli.terminal import say

if TYPE_CHECKING:
    from trinity_channels.api import Channel


def connect(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="The agent's name.")],
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="A channel, as `plugins` lists it.")],
    *,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting that is not secret; may be repeated."),
    ] = None,
    listen: Annotated[
        bool | None,
        typer.Option(
            "--listen/--webhook",
            help="Whether this host fetches the messages, which needs no public address and ends the webhook of another "
            "program, or the provider posts them.",
            show_default="as it is; of a new connection: by webhook",
        ),
    ] = None,
) -> None:
    """Connect an agent to an account on a channel, or change the settings of a connection.

    What is not set is read from a variable called like the provider and the setting (PROVIDER_AUTH_TOKEN), or asked for
    on a terminal. Secrets are never taken from the command line, which others on the machine can read; those that
    are stored stay. A running server uses the connection at once.
    """
    from trinity_channels.cli.channels import manifest_of
    from trinity_channels.cli.connect_settings import gather
    from trinity_channels.cli.errors import CommandFailed
    from trinity_channels.cli.host_api import agent_path, ask
    from trinity_channels.cli.running import HostRefused
    from trinity_channels.plugins import LISTENS

    manifest = manifest_of(channel)
    path = agent_path(agent, channel)
    try:
        # Before any question is asked: a misspelled name must not be found out after the last answer.
        present, _ = ask("GET", path, reads=True)
    except HostRefused as refused:
        if refused.code != "agent_not_found":
            raise
        raise CommandFailed(
            f"Unknown agent {agent!r}; `trinity-channels agents` lists them. Add a table [agents.<name>] to the file "
            "TRINITY_CHANNELS_CONFIG names, then run `trinity-channels reload`."
        ) from None
    listens = bool(present.get("listens")) if listen is None else listen
    given, read = gather(manifest, settings or [], present, listens=listens)
    if listen is not None:
        given[LISTENS] = listen
    if read:
        say(f"From the environment: {', '.join(read)}.")
    connected, running = ask("PUT", path, given)
    _tell(manifest, connected)
    if not running:
        say("\nNo server is running; start it with `trinity-channels serve`.")


def _tell(manifest: Channel, connected: dict[str, Any]) -> None:
    name = f" ({connected['display_name']})" if connected["display_name"] else ""
    say(f"{connected['agent_name']} is connected to {manifest.title}{name}.")
    url = connected["webhook_url"]
    if connected["listens"]:
        say("This host fetches the messages; no public address is needed.")
    elif url and manifest.capabilities.registers_unasked(sandbox=connected["is_sandbox"]):
        say(f"The webhook is set at the provider: {url}")
    elif url:
        say(f"Webhook URL, to enter at the provider: {url}")
    if connected["warning"]:
        say(f"\n{connected['warning']}")
    steps = manifest.left_to_do(sandbox=connected["is_sandbox"], listens=connected["listens"])
    if steps:
        say("\nWhat is left to do:")
        for number, step in enumerate(steps, 1):
            say(f"  {number}. {step.title}: {step.words}")
