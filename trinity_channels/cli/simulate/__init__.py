"""`simulate`: a provider on this machine, for trying out a host and its agents without an account."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["simulate"]


def simulate(
    channel: Annotated[
        str, typer.Argument(metavar="CHANNEL", help="A channel that has a simulator; `plugins` lists them.")
    ],
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8010,
    webhook: Annotated[
        str, typer.Option("--webhook", metavar="URL", help="The webhook URL, if it is known; the console takes it too.")
    ] = "",
    listen: Annotated[
        bool, typer.Option("--listen", help="Let the host fetch the messages: no webhook, and no public address.")
    ] = False,
) -> None:
    """Run the simulator of a channel's provider until SIGINT or SIGTERM, with a phone to write on; nothing is kept."""
    from trinity_channels.cli import servers
    from trinity_channels.cli.simulate.run import run
    from trinity_channels.observability.log import configure_logging

    configure_logging("WARNING", json=False)
    servers.run(run(channel, port, webhook, listen=listen))
