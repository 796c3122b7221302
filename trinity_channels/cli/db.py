"""`db`: the database schema."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="Manage the database.")


@app.callback()
def db() -> None:
    """Manage the database."""


@app.command()
def upgrade() -> None:
    """Upgrade the database schema, with no server running; `serve` does the same when it starts."""
    import asyncio

    from trinity_channels.settings import StandaloneSettings
    from trinity_channels.store import store_at

    store = store_at(StandaloneSettings.load().database_url.get_secret_value())
    # With the lock of a server: tables must not change under one that runs.
    store.open()
    asyncio.run(store.close())
    typer.echo("The database schema is up to date.")
