"""`import-trinity`: take over what a platform with channels of its own has stored, from a file or standard input."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from trinity_channels.cli.errors import CommandFailed
from trinity_channels.cli.terminal import say

PATIENCE = 900.0
"""Seconds: the provider of each account is asked."""


def import_trinity(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The document, as JSON; left out, standard input.")
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, and change nothing.")] = False,
) -> None:
    """Take over agents' channels from Trinity's own: accounts, webhook addresses, people, policies and shares.

    Rows with problems are left out, and named; then the command ends with 1. What is here already stays as it is, so it may
    be repeated. The providers are asked whose the accounts are; nothing is changed there as long as they know the webhook's
    secrets.
    """
    from trinity_channels.cli.host_api import ask

    given = _read(file)
    path = f"/api/settings/import-trinity?dry_run={str(dry_run).lower()}"
    done, running = ask("POST", path, given, timeout=PATIENCE)
    for one in done["bindings"]:
        _tell_binding(one, dry_run=dry_run)
    _tell_access(done, dry_run=dry_run)
    if dry_run:
        say("\nDry run: no changes were made.")
    elif not running:
        say("\nNo server is running; start it with `trinity-channels serve`.")
    if problems := done["problems"]:
        left = "\n".join(["These rows were left out. Change them and import again:", *problems])
        raise CommandFailed(left)


def _read(file: Path | None) -> Any:
    """The document; its errors quote nothing of it."""
    if file is None and sys.stdin.isatty():
        raise CommandFailed("Name a file, or pass the document on standard input.")
    try:
        text = sys.stdin.buffer.read() if file is None else file.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{file} cannot be read: {error.strerror}.") from None
    place = "Standard input" if file is None else str(file)
    try:
        given = json.loads(text, parse_constant=_refuse)
        # What the running host is sent: half of a character (a lone surrogate) cannot be.
        json.dumps(given, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise CommandFailed(f"{place} is not valid JSON: line {error.lineno}, column {error.colno}.") from None
    except (ValueError, RecursionError):  # NaN, half of a character, a number of thousands of digits, nested too deeply
        raise CommandFailed(f"{place} is not valid JSON.") from None
    if not isinstance(given, dict):
        raise CommandFailed(f"{place} must hold a JSON object.")
    return given


def _refuse(_: str) -> Any:
    # NaN and its like, which Python reads.
    raise ValueError


def _tell_binding(one: dict[str, Any], *, dry_run: bool) -> None:
    what = ("would be taken over" if dry_run else "is taken over") if one["new"] else "is here already"
    parts = [
        f"{one['people']} {'person' if one['people'] == 1 else 'people'} added, {one['signed_in']} of them signed in"
    ]
    if one["sign_in_expired"]:
        parts.append(f"{one['sign_in_expired']} must sign in again because of a long silence")
    if one["known"]:
        parts.append(f"{one['known']} already here")
    if one["erased"]:
        parts.append(f"{one['erased']} left out because they were erased here")
    say(f"{one['agent']} on {one['channel']} {what}: {'; '.join(parts)}.")
    if one["note"]:
        say(f"  {one['note']}")


def _tell_access(done: dict[str, Any], *, dry_run: bool) -> None:
    if done["policies_set"]:
        say(f"Policy {'to be set' if dry_run else 'set'}: {', '.join(done['policies_set'])}.")
    if done["policies_kept"]:
        say(f"Keeps the policy that it has here: {', '.join(done['policies_kept'])}.")
    if done["shares_added"] or done["shares_kept"]:
        say(f"Shares: {done['shares_added']} added, {done['shares_kept']} already here.")
    if done["shares_of_owners"]:
        say(f"Shares left out because the e-mail is the owner's: {done['shares_of_owners']}.")
    if done["shares_elsewhere"]:
        say(f"Shares left out because this host does not keep them: {done['shares_elsewhere']}.")
