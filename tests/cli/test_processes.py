"""Processes that receive, work, or do both: how they start, say that they are ready, and stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.cli.conftest import Terminal


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command in a process of its own, and the first line that it prints."""
    command = [sys.executable, "-m", "trinity_channels.cli", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ) as one:  # noqa: S603
        assert one.stdout is not None
        try:
            yield one, one.stdout.readline()
        finally:
            one.kill()


@pytest.mark.usefixtures("first_start")
@pytest.mark.sqlite("PostgreSQL serves several")
@pytest.mark.parametrize("command", [("serve", "--no-worker", "--port", "0"), ("worker",), ("worker", "--port", "0")])
def test_on_sqlite_one_process_does_everything(terminal: Terminal, command: tuple[str, ...]) -> None:
    result = terminal.run(*command)

    assert result.exit_code == 2
    assert "TRINITY_CHANNELS_DATABASE_URL" in result.stderr
    assert "PostgreSQL" in result.stderr
    assert "`trinity-channels serve`" in result.stderr
    assert not (terminal.folder / "trinity_channels.db").exists()


@pytest.mark.usefixtures("terminal")
def test_a_load_balancer_sees_the_end_before_it_comes() -> None:
    with process("serve", "--port", "0", "--drain", "60") as (server, line):
        url = line.split()[3]
        server.send_signal(signal.SIGTERM)
        assert server.stdout is not None
        assert "Shutting down" in server.stdout.readline()
        during = httpx.get(f"{url}/readyz", trust_env=False)
        still = httpx.get(f"{url}/healthz", trust_env=False)
        server.send_signal(signal.SIGTERM)  # the second one waits for nothing
        _, err = server.communicate(timeout=20)

    assert (during.status_code, [one["code"] for one in during.json()["reasons"]]) == (503, ["stopping"])
    assert still.status_code == 200
    assert (server.returncode, "Traceback" in err) == (0, False), err
