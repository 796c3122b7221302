"""`reload`: the running host reads its settings file again."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

import typer


def reload() -> None:
    """Let the running host take over the agents that its settings file holds now; with an error in it nothing changes.

    SIGHUP does the same, and the host's log shows the outcome. Other processes on the same database read their own files,
    and their logs show what came of it.
    """
    from trinity_channels.cli import running
    from trinity_channels.readable_settings import data_folder

    typer.echo(running.find(data_folder()).ask("POST", "/api/settings/reload")["message"])
