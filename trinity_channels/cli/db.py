"""`db`: the database schema, and moves to another database."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import Annotated

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


@app.command()
def move(
    target: Annotated[
        str, typer.Option("--to", help="URL of an empty database, or of one that this move has begun to fill.")
    ],
    source: Annotated[
        str | None, typer.Option("--from", help="URL of the database to leave; by default the one of the settings.")
    ] = None,
) -> None:
    """Copy everything to another database, with no server running; if it is interrupted, run it again to go on.

    URLs are those of TRINITY_CHANNELS_DATABASE_URL: from SQLite to PostgreSQL, back, or between two of a kind. Numbers and
    checksums of the rows are compared. Then the database that was left cannot be served any more: see `db reopen`.
    """
    from trinity_channels.cli.moving import move as moved

    moved(source, target)


@app.command()
def reopen(
    moved_to: Annotated[
        str | None,
        typer.Option("--moved-to", help="URL of the one that everything was moved to, if its password is needed."),
    ] = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Also if that one is served, or cannot be asked whether it is.")
    ] = False,
) -> None:
    """Let a database be served again that `db move` has left, and give up the one that everything was moved to.

    That one must not be served: its hosts would answer the same people.
    """
    from trinity_channels.cli.moving import reopen as reopened

    reopened(moved_to, force=force)
