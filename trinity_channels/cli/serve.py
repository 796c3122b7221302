"""`serve`: the host alone, without a surrounding application. `worker`: what it has received, in a process of its own."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trinity_channels.settings import Settings

_NO_AGENTS = "No agent is configured, so no account can be connected. Write a table [agents.<name>] into "
_HOST = typer.Option(help="Address to listen on.")
_DRAIN = typer.Option(
    min=0,
    help="Seconds in which /readyz answers 503 while requests are still taken, once it is told to stop: as long as your "
    "load balancer needs to see it.",
)


def serve(
    host: Annotated[str, _HOST] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    *,
    worker: Annotated[
        bool,
        typer.Option(
            "--worker/--no-worker",
            help="Whether this process also answers; if not, messages are stored for `trinity-channels worker`.",
        ),
    ] = True,
    drain: Annotated[float, _DRAIN] = 0,
) -> None:
    """Run the host until SIGINT or SIGTERM; a second one ends it without waiting for active work."""
    from trinity_channels.cli import lean

    lean.begin()
    from trinity_channels.cli import servers

    servers.run(_serve(host, port, works=worker, drain=drain))


def worker(
    host: Annotated[str, _HOST] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port for /healthz, /readyz and /metrics; 0 takes a free one."),
    ] = None,
    *,
    drain: Annotated[
        float,
        typer.Option(
            min=0,
            help="Seconds for which /readyz answers 503 at least before it ends; what runs has ten seconds in any case.",
        ),
    ] = 0,
) -> None:
    """Answer what `serve --no-worker` stores, until SIGINT or SIGTERM; needs a PostgreSQL database."""
    from trinity_channels.cli import lean

    lean.begin()
    from trinity_channels.cli import servers

    servers.run(_work(host, port, drain))


async def _serve(host: str, port: int, *, works: bool, drain: float) -> None:
    import os
    from contextlib import closing

    from trinity_channels.app import Ports, create_app
    from trinity_channels.cli import lean, running, servers
    from trinity_channels.cli.hangup import reloads_on_hangup
    from trinity_channels.role import Role
    from trinity_channels.settings import CONFIG_VARIABLE, StandaloneSettings

    settings = _begun()
    # Before the host starts: a port that is taken must not first hand out a token or take messages.
    with servers.bind(host, port) as bound, closing(servers.StopSignals()) as stop:
        role = Role.BOTH if works else Role.WEB
        app, channels = create_app(settings, Ports(read_settings=StandaloneSettings.load), role)
        reached = running.local_address(*bound.getsockname()[:2])
        async with channels, servers.serving(app, bound, channels.leave, stop.hurry):
            _settled()
            stop.listen()
            url = servers.address(bound)
            announced = running.announced(settings.home, reached, channels.local_token, shared=channels.store.shared)
            with reloads_on_hangup(channels.reload), announced:
                pages = f"{url}{settings.pages_path or ''}/agents"
                typer.echo(f"trinity_channels listens on {url} (pages: {pages}, API: {url}/docs). Stop it with Ctrl-C.")
                if not works:
                    typer.echo("It answers no one: run `trinity-channels worker` on the same database for that.")
                if not settings.agents and not settings.serves_platform:
                    typer.echo(_NO_AGENTS + _where(os.environ.get(CONFIG_VARIABLE)))
                lean.catch_up()
                await servers.ended(channels, stop, drain)


async def _work(host: str, port: int | None, drain: float) -> None:
    import contextlib

    from trinity_channels.app import Ports, create_worker
    from trinity_channels.cli import servers
    from trinity_channels.cli.hangup import reloads_on_hangup
    from trinity_channels.settings import StandaloneSettings

    settings = _begun()
    async with contextlib.AsyncExitStack() as open_now:
        bound = None if port is None else open_now.enter_context(servers.bind(host, port))
        stop = open_now.enter_context(contextlib.closing(servers.StopSignals()))
        app, channels = create_worker(settings, Ports(read_settings=StandaloneSettings.load))
        await open_now.enter_async_context(channels)
        if bound is not None:
            await open_now.enter_async_context(servers.serving(app, bound, hurry=stop.hurry))
        _settled()
        stop.listen()
        with reloads_on_hangup(channels.reload):
            probes = "" if bound is None else f" Its probes are at {servers.address(bound)}/readyz."
            typer.echo(f"trinity_channels works on {channels.store.name}.{probes} Stop it with Ctrl-C.")
            await servers.ended(channels, stop, drain)


def _begun() -> Settings:
    import sys

    from trinity_channels.observability.log import configure_logging
    from trinity_channels.settings import StandaloneSettings

    # For people on a terminal, for machines everywhere else.
    configure_logging(json=not sys.stderr.isatty())
    return StandaloneSettings.load()


def _settled() -> None:
    import gc

    from trinity_channels.cli import collector

    collector.settle()
    gc.enable()


def _where(file: str | None) -> str:
    if file:
        return f"{file}, then run `trinity-channels reload`."
    return "a file, name the file in TRINITY_CHANNELS_CONFIG, and start again."
