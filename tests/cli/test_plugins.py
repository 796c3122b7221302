"""`plugins`: what is installed, and why something cannot be used."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from trinity_channels.plugins import loading

LARGE = ("fastapi", "sqlalchemy", "uvicorn", "twilio", "trinity_channels.simulation")


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
    monkeypatch.setattr(loading, "entry_points", lambda group: installed if group == "trinity_channels" else [])

    result = terminal.run("plugins")

    row = next(line for line in result.stdout.splitlines() if line.startswith("carrier_pigeon"))
    assert result.exit_code == 0
    assert "unavailable" in row
    assert "No module named 'no_such_module'" in row
    assert "whatsapp" in result.stdout


def distribution(folder: Path, name: str, *points: str) -> None:
    """What an installer leaves behind of a wheel with these entry points."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("\n".join(["[trinity_channels]", *points]))


def test_a_wheel_cannot_take_over_a_channel(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution(tmp_path / "site", "fake-takeover", "whatsapp = trinity_channels_slack.plugin")
    monkeypatch.syspath_prepend(tmp_path / "site")

    listed, examined = terminal.run("plugins"), terminal.run("doctor")

    assert [line.split()[3] for line in listed.stdout.splitlines() if line.startswith("whatsapp")] == [
        "unavailable"
    ] * 2
    for text in (" ".join(listed.stdout.split()), examined.stdout):
        assert "fake-takeover 1.0 (trinity_channels_slack.plugin)" in text
        assert "(trinity_channels_whatsapp.plugin)" in text
    assert examined.exit_code == 1
    assert "slack" in listed.stdout
    assert "telegram 0.1.0 is ready." in examined.stdout


def test_a_second_name_for_a_module_is_refused(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution(tmp_path / "site", "fake-alias", "a_chat = trinity_channels_whatsapp.plugin")
    monkeypatch.syspath_prepend(tmp_path / "site")

    rows = [" ".join(line.split()) for line in terminal.run("plugins").stdout.splitlines()]

    assert any(row.startswith("whatsapp") and row.endswith("ready") for row in rows)
    assert any(row.startswith("a_chat 1.0 - unavailable its module is the channel 'whatsapp' already") for row in rows)


LATER = """
from dataclasses import replace
from trinity_channels.api import hookimpl
from trinity_channels_whatsapp import plugin
from trinity_channels_whatsapp.plugin import *

@hookimpl
def channel():
    return replace(plugin.channel(), name="later_chat", contract=2)

@hookimpl
def teleport():
    return None
"""


def test_a_plugin_of_a_later_contract_is_listed_with_a_warning(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution(tmp_path / "site", "later-chat", "later_chat = later_chat_plugin")
    (tmp_path / "site" / "later_chat_plugin.py").write_text(LATER)
    monkeypatch.syspath_prepend(tmp_path / "site")

    listed = " ".join(terminal.run("plugins").stdout.split())
    examined = " ".join(terminal.run("doctor").stdout.split())

    for text in (listed, examined):
        assert "It was written for contract 2; this host knows contract 1 and ignores hook teleport." in text
    assert "later_chat 1.0 is ready." in examined


def test_nothing_installed_is_said_in_words(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "entry_points", lambda group: [] if group else None)

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
