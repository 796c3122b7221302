"""`keygen` and `rotate-keys`: the keys that encrypt stored secrets."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from trinity_channels.app import Host


def keygen() -> None:
    """Print a new key for TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY."""
    from trinity_channels.crypto.keys import generate_key

    typer.echo(generate_key())


def rotate_keys() -> None:
    """Encrypt every stored secret with the newest key, so that the older ones can be removed.

    First put the new key in front of the old one, separated by a comma, and restart the server.
    """
    from trinity_channels.cli import offline

    changed = offline.with_host(_reseal)
    if changed:
        typer.echo(f"{changed} secrets are now encrypted with the newest key. The older keys can be removed.")
    else:
        typer.echo("Everything is encrypted with the newest key already.")


async def _reseal(host: Host) -> int:
    from trinity_channels.bindings.reseal import reseal

    return await reseal(host.store, host.bindings.secrets) + await host.blocks.reseal()
