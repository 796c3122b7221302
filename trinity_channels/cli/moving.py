"""What `db move` and `db reopen` do and say. Imported on demand: the store is slow to import."""

from __future__ import annotations

import typer

from trinity_channels.cli.terminal import say
from trinity_channels.crypto.key_ring import key_file
from trinity_channels.crypto.keys import VARIABLE
from trinity_channels.readable_settings import data_folder, database_url, is_set
from trinity_channels.store.move import moving
from trinity_channels.store.move.ends import check_url
from trinity_channels.store.move.moving import Moved

_INTERRUPTED = 130
"""What shells make of SIGINT."""


def move(source: str | None, target: str) -> None:
    """Move everything from one database to another, and say what to do then.

    Raises:
        typer.BadParameter: a URL cannot be used.
        StoreError: see `moving.move`.
    """
    leaving = database_url() if source is None else source
    for option, url in (("--from", leaving), ("--to", target)):
        try:
            check_url(url)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint=option) from None
    try:
        _conclude(moving.move(leaving, target, say))
    except KeyboardInterrupt:
        say("Interrupted. The same command goes on where this one was.", err=True)
        raise typer.Exit(_INTERRUPTED) from None


def _conclude(moved: Moved) -> None:
    with_password = ", with its password" if "***" in moved.url else ""
    say(f"Moved {moved.rows:,} rows to {moved.target}. The numbers and checksums of all tables agree.")
    if moved.changed:
        say(
            f"{moved.changed:,} of them had texts with NUL or halves of characters, which PostgreSQL cannot hold; those are "
            "left out, as in everything that is stored today."
        )
    say(
        f"\n{moved.source} holds what it held, and no host can be started with it any more: two would answer the same "
        "people.\n\nNow:\n"
        f"1. Set TRINITY_CHANNELS_DATABASE_URL to {moved.url}{with_password}.\n"
        f"2. {_keys()}\n"
        "3. Start the host. What was still to be answered or sent is found then."
    )


def _keys() -> str:
    """Which keys the secrets of the new database are opened with: the same ones as before."""
    if is_set("credential_encryption_key"):
        return f"Keep the value of {VARIABLE}: the secrets are sealed with these keys."
    file = key_file(data_folder())
    where = str(file) if file.exists() else f"the key file of the host that was served from there ({file.name})"
    return (
        f"Keep {where}: the secrets are sealed with its key. A host with another TRINITY_CHANNELS_HOME needs a copy in "
        f"that folder, or the key in {VARIABLE}."
    )


def reopen(moved_to: str | None, *, force: bool) -> None:
    """Let the database of the settings be served again.

    Raises:
        typer.BadParameter: a URL cannot be used.
        StoreError: see `moving.reopen`.
    """
    if moved_to is not None:
        try:
            check_url(moved_to)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--moved-to") from None
    left = moving.reopen(database_url(), moved_to, force=force)
    say(
        f"The database can be served again, with what it held when it was left. Start no host with {left} any more: both "
        "would answer the same people, and send what was waiting twice."
    )
