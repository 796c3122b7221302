"""`doctor`: looks at everything an installation needs, and says what is wrong and how to mend it."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

import typer

MARKS = {"ok": "✓", "warning": "!", "unknown": "?", "failed": "✗"}
COLOURS = {"ok": "green", "warning": "yellow", "unknown": "yellow", "failed": "red"}


def doctor() -> None:
    """Check the installation, every agent and every connected account; ends with 1 if something has failed."""
    import asyncio

    from trinity_channels.api import CheckState
    from trinity_channels.cli.checks import examine

    failed = False
    for group, checks in asyncio.run(examine()):
        typer.secho(group, bold=True)
        for check in checks:
            failed = failed or check.state is CheckState.FAILED
            typer.echo("  " + typer.style(MARKS[check.state], fg=COLOURS[check.state]) + f" {check.message}")
            if check.fix and check.state is not CheckState.OK:
                typer.echo(f"    {check.fix}")
    if failed:
        raise typer.Exit(1)
