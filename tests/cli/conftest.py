"""A terminal: the real command line, with the settings of a world, also beside its running host."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from tests import database
from tests.world import HUMAN, KEY, OWNER, World
from trinity_channels.cli import app, running, servers

AGENTS = f"""
[agents.support]
owner = "{OWNER}"
runtime = "echo"
escalation_contact = "{HUMAN}"
"""

_command = cache(get_command)
"""Typer makes the commands of their signatures at each call, which takes longer than most of them."""


class Terminal:
    """Runs commands on the data folder of one test."""

    def __init__(self, folder: Path, environment: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._environment = environment
        config = folder / "channels.toml"
        config.write_text(AGENTS)
        self.set(TRINITY_CHANNELS_HOME=str(folder), TRINITY_CHANNELS_CONFIG=str(config), CREDENTIAL_ENCRYPTION_KEY=KEY)
        self.set(**World.database.variables(folder))

    def set(self, **variables: str) -> None:
        """Change environment variables."""
        for name, value in variables.items():
            self._environment.setenv(name, value)

    def run(self, *arguments: str, given: str | bytes | None = None) -> Result:
        """Run a command to its end; `given` is on its standard input."""
        return CliRunner().invoke(app, arguments, input=given)

    async def examined(self, world: World) -> Result:
        """What `doctor` says beside a running host."""
        async with self.serving(world):
            return await self.beside("doctor")

    async def beside(self, *arguments: str, given: str | bytes | None = None) -> Result:
        """Run a command while the host of the test goes on."""
        return await asyncio.to_thread(self.run, *arguments, given=given)

    @contextlib.asynccontextmanager
    async def serving(self, world: World) -> AsyncIterator[str]:
        """Let the host of the test listen on loopback, where commands find it as they find `serve`; its address."""
        with servers.bind("127.0.0.1", 0) as bound:
            url = servers.address(bound)
            async with servers.serving(world.app, bound):
                with running.announced(self.folder, url, world.host.local_token):
                    yield url


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in [*os.environ]:
        if name.startswith("TRINITY_") or name.endswith("_API_BASE_URL") or name in ("DATABASE_URL", "PUBLIC_CHAT_URL"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("typer.testing._get_command", _command)
    database.found(tmp_path)  # to make one takes longer than most commands
    return Terminal(tmp_path, monkeypatch)


@pytest.fixture
def first_start(terminal: Terminal) -> None:
    """There is no database yet in the folder of the terminal."""
    (terminal.folder / database.NAME).unlink()


@pytest.fixture
def demo() -> Iterator[str]:
    """The address of a demo's first page."""
    command = [sys.executable, "-m", "trinity_channels.cli", "demo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:  # noqa: S603  our own command
        assert running.stdout is not None
        yield next(line.split()[-1] for line in running.stdout if "Start here" in line)
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=20)
    assert running.returncode == 0
    assert out.endswith("Stopping. Nothing is kept.\n")
