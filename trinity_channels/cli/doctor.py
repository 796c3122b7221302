"""`doctor`: says what is wrong with an installation and how to fix it."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_channels.api import Check

MARKS = {"ok": "✓", "warning": "!", "unknown": "?", "failed": "✗"}
COLOURS = {"ok": "green", "warning": "yellow", "unknown": "yellow", "failed": "red"}


def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print the findings as one JSON object.")] = False
) -> None:
    """Check the installation, the way in, every agent and every connected account.

    The running server examines itself, and sends a signed probe through its public address. Ends with 0 if nothing has
    failed, 1 if something has, 2 if the settings here are wrong, whatever the running server finds, 3 if nothing has
    failed but no server is running, so that the way in could not be tried.
    """
    import asyncio
    import json

    from trinity_channels.bindings.fix_actions import calls, commands
    from trinity_channels.cli.checks import examine

    found = asyncio.run(examine())
    if as_json:
        groups = [
            {
                "title": group.title,
                "checks": [
                    {
                        "code": one.code,
                        "state": one.state,
                        "message": one.message,
                        "fix": one.fix,
                        "commands": commands(one.actions, group.agent, group.channel),
                    }
                    for one in group.checks
                ],
            }
            for group in found.findings
        ]
        outcome = {"outcome": found.outcome.name.lower(), "exit_code": int(found.outcome), "findings": groups}
        typer.echo(json.dumps(outcome, indent=2))
    else:
        for group in found.findings:
            typer.secho(group.title, bold=True)
            for check in group.checks:
                _show(check, calls(check.actions, group.agent, group.channel))
    raise typer.Exit(int(found.outcome))


def _show(check: Check, calls: Sequence[str]) -> None:
    from trinity_channels.bindings.fix_actions import DOCTOR
    from trinity_channels.visible import cleaned_name

    # Findings quote other people's servers, which must not control this terminal.
    typer.echo("  " + typer.style(MARKS[check.state], fg=COLOURS[check.state]) + f" {cleaned_name(check.message)}")
    if check.fix and check.state != "ok":
        # The one that is running is not among them.
        named = " · ".join(one for one in calls if one != DOCTOR)
        typer.echo(f"    {cleaned_name(check.fix)}" + (f" ({named})" if named else ""))
