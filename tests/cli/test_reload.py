"""`reload` and SIGHUP: a server that runs takes over what its file holds now."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.cli.conftest import Terminal
from tests.world import OWNER, World
from trinity_channels.cli import running

NEW = f'\n[agents.new]\nowner = "{OWNER}"\nruntime = "echo"\n'
SERVE = [sys.executable, "-m", "trinity_channels.cli", "serve", "--port", "0"]


def started(stdout: IO[str] | None) -> None:
    assert stdout is not None
    while "listens on" not in stdout.readline():
        pass


@pytest.fixture
def server(terminal: Terminal) -> Iterator[subprocess.Popen[str]]:
    """A real server on the terminal's data folder."""
    with subprocess.Popen(  # noqa: S603
        SERVE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert terminal
        started(process.stdout)
        yield process
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0


def names(folder: Path) -> list[str]:
    return [one["name"] for one in running.find(folder).ask("GET", "/api/agents")]


def add(terminal: Terminal, text: str) -> None:
    config = terminal.folder / "channels.toml"
    config.write_text(config.read_text() + text)


def logged(server: subprocess.Popen[str], event: str) -> dict[str, object]:
    """The next line of the log about this."""
    assert server.stderr is not None
    for line in server.stderr:
        if event in line:
            found: dict[str, object] = json.loads(line)
            return found
    raise AssertionError(event)


@pytest.mark.usefixtures("server")
def test_reload_takes_over_the_file(terminal: Terminal) -> None:
    add(terminal, NEW)

    result = terminal.run("reload")

    assert (result.exit_code, result.stdout) == (0, "Added: new.\n")
    assert names(terminal.folder) == ["new", "support"]


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("text", "line"),
    [
        (NEW.replace(OWNER, "nobody"), "agents.new.owner: "),
        (NEW + "[agents.new]\n", "TRINITY_CHANNELS_CONFIG: the file "),
        ('\n[agents.new]\nruntime = "echo"\n', "agents.new.owner: is missing"),
    ],
)
def test_errors_are_listed_and_the_old_state_is_kept(terminal: Terminal, text: str, line: str) -> None:
    add(terminal, text)

    result = terminal.run("reload")

    assert result.exit_code == 1
    assert result.stderr.startswith("The settings cannot work, so nothing was changed:\n")
    assert line in result.stderr
    assert names(terminal.folder) == ["support"]


def test_a_hangup_reloads_too_and_the_log_tells(terminal: Terminal, server: subprocess.Popen[str]) -> None:
    add(terminal, NEW)
    server.send_signal(signal.SIGHUP)
    done = logged(server, "agents reloaded")
    after = names(terminal.folder)
    add(terminal, "\n[agents.third]\n")
    server.send_signal(signal.SIGHUP)
    refused = logged(server, "agents not reloaded")

    assert done["added"] == ["new"]
    assert after == ["new", "support"]
    assert "agents.third" in str(refused["problems"])
    assert names(terminal.folder) == ["new", "support"]


@pytest.mark.usefixtures("terminal")
def test_a_terminal_that_is_closed_ends_the_server_in_good_order() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S603
        SERVE, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        started(process.stdout)
        os.close(theirs)
        os.close(ours)  # the terminal's window is closed
        process.send_signal(signal.SIGHUP)  # as the kernel does for the session's leader
        out, _ = process.communicate(timeout=20)

    assert process.returncode == 0
    assert "Shutting down" in out


def test_without_a_server_it_says_so(terminal: Terminal) -> None:
    result = terminal.run("reload")

    assert result.exit_code == 1
    assert result.stderr.startswith("No server is running on the data folder")


async def test_settings_that_cannot_work_do_not_keep_it_from_finding_the_server(
    terminal: Terminal, world: World
) -> None:
    terminal.set(PUBLIC_CHAT_URL="nowhere")  # in this shell only

    async with terminal.serving(world):
        result = await terminal.beside("reload")

    assert (result.exit_code, result.stdout) == (0, "The agents are as they were.\n")
