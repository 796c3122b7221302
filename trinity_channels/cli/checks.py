"""What `doctor` finds: the running host examines itself; without one, what can be seen from here is examined."""

from __future__ import annotations

import asyncio
import os
import stat
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from trinity_channels.api import Check, CheckState, FixAction
from trinity_channels.cli import running
from trinity_channels.cli.errors import CommandFailed
from trinity_channels.cli.offline import idle_host
from trinity_channels.cli.running import HostNotRunning, HostWithoutDatabase
from trinity_channels.crypto.vault import VaultError
from trinity_channels.diagnostics import Diagnostics, Findings
from trinity_channels.readable_settings import data_folder
from trinity_channels.settings import CONFIG_VARIABLE, Settings, SettingsError, StandaloneSettings
from trinity_channels.store import StoreError

PATIENCE = 300.0
"""Seconds that the running host may take: it asks every provider and every agent."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Outcome(IntEnum):
    """What an examination comes to, as the exit code of `doctor`."""

    OK = 0
    FAILED = 1
    WRONG_SETTINGS = 2
    NOT_RUNNING = 3


@dataclass(frozen=True, slots=True)
class Examined:
    """All findings, and what they come to."""

    outcome: Outcome
    findings: list[Findings]


async def examine() -> Examined:
    """Examine the installation that the environment names; what cannot be looked at is left out."""
    try:
        settings = StandaloneSettings.load()
    except SettingsError as error:
        return await asyncio.to_thread(_with_wrong_settings, error)
    read = Check("settings", CheckState.OK, "The settings can be read.")
    # The running host judges itself: its settings may differ from those of this shell (docs/adr/0011).
    # In a thread: this client waits, and the loop is not to wait with it.
    server, found = await asyncio.to_thread(_ask, settings.home)
    if found is None:
        read = Check("settings", CheckState.OK, f"Without a running server, this judges {_sources(settings)}.")
        server, found = await _offline(settings, server)
    findings = [Findings("Settings", (read, _home(settings.home))), Findings("Server", (server,)), *found]
    if any(check.state is CheckState.FAILED for one in findings for check in one.checks):
        return Examined(Outcome.FAILED, findings)
    return Examined(Outcome.OK if server.state is CheckState.OK else Outcome.NOT_RUNNING, findings)


def _with_wrong_settings(error: SettingsError) -> Examined:
    """What is wrong with the settings, and what the running host finds, which has others."""
    server, found = _ask(data_folder())
    fix = "Correct it in the environment, or in the file that TRINITY_CHANNELS_CONFIG names."
    if server.state is CheckState.OK:
        fix += " The running server goes on with the settings that it has; a reload or the next start refuses these."
    wrong = tuple(Check("settings", CheckState.FAILED, line, fix) for line in str(error).splitlines())
    findings = [Findings("Settings", wrong), Findings("Server", (server,)), *(found or ())]
    return Examined(Outcome.WRONG_SETTINGS, findings)


def _ask(home: Path) -> tuple[Check, list[Findings] | None]:
    """What the running host finds, None if it cannot be asked."""
    try:
        host = running.find(home)
        found = host.ask("POST", "/api/settings/diagnosis", timeout=PATIENCE)
    except HostNotRunning as error:
        return Check("server", CheckState.UNKNOWN, error.found, error.fix), None
    except HostWithoutDatabase as error:
        return Check("server", CheckState.FAILED, error.found, error.fix), []
    except CommandFailed as error:
        return Check("server", CheckState.FAILED, f"The running server: {error}", "See its log, or restart it."), None
    return Check("server", CheckState.OK, f"The server runs at {host.url}, process {host.pid}."), _read(found)


def _read(found: Any) -> list[Findings]:
    return [
        Findings(one["title"], tuple(_check(check) for check in one["checks"]), one["agent"], one["channel"])
        for one in found
    ]


def _check(reported: dict[str, Any]) -> Check:
    actions = tuple(FixAction(action) for action in reported["actions"])
    return Check(reported["code"], CheckState(reported["state"]), reported["message"], reported["fix"], actions)


async def _offline(settings: Settings, server: Check) -> tuple[Check, list[Findings]]:
    """What can be seen without the running host."""
    try:
        async with idle_host(settings) as host:
            # The database's lock tells of a server that has left no file here.
            if server.state is CheckState.UNKNOWN and host.store.is_served():
                server = Check(
                    "server",
                    CheckState.UNKNOWN,
                    f"A server runs on this database, but cannot be asked from here. {server.message}",
                    "Run this where a process runs that receives, with its data folder. If it is mounted in an application, "
                    "ask it with an administrator's token: POST /api/settings/diagnosis.",
                )
            return server, await Diagnostics(host, None).examine()
    except (StoreError, VaultError) as error:
        fix = "Correct what it names; nothing else can be looked at before."
        return server, [Findings("Storage", (Check("storage", CheckState.FAILED, str(error), fix),))]


def _sources(settings: Settings) -> str:
    """Where the settings come from: the file, and the variables that are set, whose values may be secret."""
    given = ", ".join(settings.variables())
    file = os.environ.get(CONFIG_VARIABLE)
    of_shell = f"by the settings of this shell ({given})" if given else "by this shell, which sets nothing,"
    return f"{of_shell} and {f'the file {file}' if file else 'no settings file'}; the server may be started with others"


def _home(home: Path) -> Check:
    if not home.exists():
        return Check("home", CheckState.OK, f"The data folder {home} is made on first use.")
    if not os.access(home, os.W_OK | os.X_OK):
        return Check(
            "home",
            CheckState.FAILED,
            f"The data folder {home} cannot be written to.",
            "Give it to the user that runs the server, or set TRINITY_CHANNELS_HOME to another folder.",
        )
    # A warning only: some systems give every folder a group.
    if home.stat().st_mode & _OTHERS:
        return Check(
            "home",
            CheckState.WARNING,
            f"The data folder {home} is open to other users of this machine.",
            f"Run `chmod 700 {home}`.",
        )
    return Check("home", CheckState.OK, f"The data folder is {home}.")
