"""`serve`: the host alone, without a surrounding application."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import Annotated

import typer

_NO_AGENTS = "No agent is configured, so no account can be connected. Write a table [agents.<name>] into "


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
) -> None:
    """Run the host until SIGINT or SIGTERM."""
    import gc

    gc.disable()  # until all is imported: what that makes stays, and searching it costs a quarter of the start
    from trinity_channels.cli import servers

    servers.run(_serve(host, port))


async def _serve(host: str, port: int) -> None:
    import gc
    import os
    import sys

    from trinity_channels.app import Ports, create_app
    from trinity_channels.cli import collector, running, servers
    from trinity_channels.cli.hangup import reloads_on_hangup
    from trinity_channels.observability.log import configure_logging
    from trinity_channels.settings import CONFIG_VARIABLE, StandaloneSettings

    # For people on a terminal, for machines everywhere else.
    configure_logging(json=not sys.stderr.isatty())
    settings = StandaloneSettings.load()
    # Before the host starts: a port that is taken must not first hand out a token or take messages.
    bound = servers.bind(host, port)
    with bound:
        app, channels = create_app(settings, Ports(read_settings=StandaloneSettings.load))
        reached = running.local_address(*bound.getsockname()[:2])
        async with channels, servers.serving(app, bound, channels.leave):
            collector.settle()
            gc.enable()
            url = servers.address(bound)
            announced = running.announced(settings.home, reached, channels.local_token)
            with reloads_on_hangup(channels.reload), announced, servers.stop_signals() as stop:
                pages = f"{url}{settings.pages_path or ''}/agents"
                typer.echo(f"trinity_channels listens on {url} (pages: {pages}, API: {url}/docs). Stop it with Ctrl-C.")
                if not settings.agents and not settings.serves_platform:
                    typer.echo(_NO_AGENTS + _where(os.environ.get(CONFIG_VARIABLE)))
                await stop.wait()
            typer.echo("Shutting down; finishing active work.")


def _where(file: str | None) -> str:
    if file:
        return f"{file}, then run `trinity-channels reload`."
    return "a file, name the file in TRINITY_CHANNELS_CONFIG, and start again."
