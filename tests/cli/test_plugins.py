"""`plugins`: what is installed, and why something cannot be used."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint, entry_points

import pytest

from tests.cli.conftest import Terminal
from trinity_channels import plugins

LARGE = ("fastapi", "sqlalchemy", "uvicorn", "twilio", "trinity_channels.api.simulation")


def test_a_ready_plugin_is_listed_with_what_it_can_do(terminal: Terminal) -> None:
    result = terminal.run("plugins")

    row = next(line for line in result.stdout.splitlines() if line.startswith("whatsapp"))
    assert result.exit_code == 0
    assert "indicate, find_sent, list_missed" in row
    assert "ready" in row


def test_a_broken_plugin_is_listed_with_its_reason_and_stops_nothing(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = EntryPoint("carrier_pigeon", "no_such_module", "trinity_channels")
    installed = [*entry_points(group="trinity_channels"), broken]
    monkeypatch.setattr(plugins, "entry_points", lambda group: installed if group == "trinity_channels" else [])

    result = terminal.run("plugins")

    row = next(line for line in result.stdout.splitlines() if line.startswith("carrier_pigeon"))
    assert result.exit_code == 0
    assert "unavailable" in row
    assert "No module named 'no_such_module'" in row
    assert "whatsapp" in result.stdout


def test_nothing_installed_is_said_in_words(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "entry_points", lambda group: [] if group else None)

    assert "No channel is installed" in terminal.run("plugins").stdout


@pytest.mark.parametrize("command", ["'--help'", "'keygen', '--help'", "'plugins'"])
def test_small_commands_load_nothing_large(command: str) -> None:
    code = (
        "import sys; from trinity_channels.cli import app\n"
        f"try: app([{command}])\n"
        "except SystemExit: pass\n"
        f"print([name for name in {LARGE} if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603  ours

    assert done.stdout.splitlines()[-1] == "[]"
