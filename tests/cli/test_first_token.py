"""The administrator's first token: a terminal shows it, everything else gets a file, and no log holds it."""

from __future__ import annotations

import os
import pty
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from trinity_channels.access.first_token import FILE

pytestmark = pytest.mark.usefixtures("first_start")

TOKEN = re.compile(r"tc_[\w-]{43}")


COMMAND = [sys.executable, "-m", "trinity_channels.cli", "serve", "--port", "0"]


def in_a_service() -> tuple[str, str]:
    """Start a host as service managers do until it listens, and stop it; what it printed and logged."""
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout is not None
        printed = ""
        while "listens on" not in printed and (line := server.stdout.readline()):
            printed += line
        server.send_signal(signal.SIGTERM)
        more, logged = server.communicate(timeout=20)
    assert server.returncode == 0, logged
    return printed + more, logged


def in_a_terminal() -> str:
    """The same in a terminal; what it showed."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(COMMAND, stdout=theirs, stderr=subprocess.PIPE) as server:  # noqa: S603  our own command
        os.close(theirs)
        shown = b""
        while b"listens on" not in shown:
            shown += os.read(ours, 4096)
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=20)
    os.close(ours)
    return shown.decode()


def accepted(terminal: Terminal) -> list[str]:
    """The first columns of the tokens."""
    return [" ".join(line.split()[:5]) for line in terminal.run("token", "list").stdout.splitlines()[1:]]


def test_a_terminal_shows_it_once(terminal: Terminal) -> None:
    first, second = in_a_terminal(), in_a_terminal()

    assert len(TOKEN.findall(first)) == 1
    assert TOKEN.findall(second) == []
    assert not (terminal.folder / FILE).exists()


def test_everything_else_gets_a_file_whose_path_is_logged(terminal: Terminal) -> None:
    """Before, the token stood in the log of every service manager and container."""
    printed, logged = in_a_service()
    file = terminal.folder / FILE
    token = file.read_text().strip()

    assert TOKEN.fullmatch(token)
    assert token not in printed + logged
    assert str(file) in logged
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert accepted(terminal) == ["1 made at the first"]
    file.unlink()
    in_a_service()
    assert not file.exists()


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_no_umask_opens_the_file(terminal: Terminal, mask: int) -> None:
    before = os.umask(mask)
    try:
        in_a_service()
    finally:
        os.umask(before)

    assert stat.S_IMODE((terminal.folder / FILE).stat().st_mode) == 0o600


def test_a_link_in_its_place_is_replaced_and_not_followed(terminal: Terminal, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("kept")
    (terminal.folder / FILE).symlink_to(other)

    in_a_service()

    assert other.read_text() == "kept"
    assert not (terminal.folder / FILE).is_symlink()


def test_a_file_that_cannot_be_written_is_reported_and_no_token_is_stored(terminal: Terminal) -> None:
    (terminal.folder / FILE / "in the way").mkdir(parents=True)

    refused = terminal.run("serve", "--port", "0")

    assert refused.exit_code == 1
    assert "first token cannot be written" in refused.stderr
    assert "TRINITY_CHANNELS_ADMIN_TOKEN" in refused.stderr
    assert accepted(terminal) == []


def test_none_is_made_where_an_administrator_has_one(terminal: Terminal) -> None:
    terminal.run("token", "create", "--admin", "--label", "mine")

    in_a_service()

    assert not (terminal.folder / FILE).exists()


@pytest.mark.parametrize("other", [("--user", "owner@example.org"), ("--agent", "support")])
def test_other_tokens_do_not_count(terminal: Terminal, other: tuple[str, str]) -> None:
    terminal.run("token", "create", *other)

    in_a_service()

    assert (terminal.folder / FILE).exists()


def test_a_token_in_the_settings_replaces_it(terminal: Terminal) -> None:
    in_a_service()
    terminal.set(TRINITY_CHANNELS_ADMIN_TOKEN="fake-admin-token-for-tests")

    in_a_service()

    assert accepted(terminal) == []
    assert "revoke_token" in terminal.run("audit").stdout


@pytest.mark.parametrize("length", [1, 8, 23])
@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("token", "list")])
def test_a_short_token_is_refused_at_start(terminal: Terminal, length: int, command: tuple[str, ...]) -> None:
    terminal.set(TRINITY_CHANNELS_ADMIN_TOKEN="f" * length)

    refused = terminal.run(*command)

    assert refused.exit_code == 2
    assert "TRINITY_CHANNELS_ADMIN_TOKEN: must have at least 24 characters" in refused.stderr
    assert "openssl rand -hex 32" in refused.stderr


def test_a_long_one_is_taken(terminal: Terminal) -> None:
    terminal.set(TRINITY_CHANNELS_ADMIN_TOKEN="f" * 24)

    assert terminal.run("token", "list").exit_code == 0
