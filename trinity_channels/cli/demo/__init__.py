"""`demo`: the whole product on this machine, with simulated providers and no account anywhere."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["demo"]


def demo(
    *,
    script: Annotated[bool, typer.Option("--script", help="Play a conversation, print it, and end.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the host; the next one shows the phone.")] = 8000,
    listen: Annotated[bool, typer.Option("--listen", help="Let the host fetch the messages, where it can.")] = False,
) -> None:
    """Try everything with simulated providers: no account, no settings, nothing kept."""
    from trinity_channels.cli import servers
    from trinity_channels.cli.demo.attend import attend
    from trinity_channels.cli.demo.script import play
    from trinity_channels.observability.log import configure_logging

    configure_logging("ERROR", json=False)
    servers.run(play(listen=listen) if script else attend(port, listen=listen))
