"""A host of one's own without an account: `simulate`, `serve`, `connect`, as the simulator's first lines say."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.cli.conftest import Terminal
from trinity_channels.cli import running


@contextmanager
def started(*arguments: str, ready: str) -> Iterator[str]:
    """A command that runs until it is told to stop; what it prints up to the line that says that it is ready."""
    command = [sys.executable, "-m", "trinity_channels.cli", *arguments]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:  # noqa: S603
        assert process.stdout is not None
        told = ""
        for line in process.stdout:
            told += line
            if ready in line:
                break
        try:
            yield told
        finally:  # or a test that fails would wait for it without end
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)


def seen(look: Callable[[], list[Any]]) -> list[Any]:
    """What is there to be seen, within some seconds."""
    found = look()
    for _ in range(200):
        if found:
            break
        time.sleep(0.05)  # both sides are processes of their own, with the real time
        found = look()
    return found


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "slack"])
def test_a_message_on_the_simulated_phone_is_answered(terminal: Terminal, channel: str) -> None:
    with (
        started("simulate", channel, "--port", "0", ready="Ctrl-C") as told,
        httpx.Client(trust_env=False, timeout=20) as http,
    ):
        variable, base = re.findall(r"export (\w+_API_BASE_URL)=(\S+)", told)[0]
        command = told.partition("2. ")[2].partition("3. ")[0]
        terminal.set(**{variable: base}, **dict(re.findall(r"^ +([A-Z_]+)=(\S+) ", command, re.MULTILINE)))
        settings = [word for one in re.findall(r"--set (\S+)", command) for word in ("--set", one)]
        with started("serve", "--port", "0", ready="listens on"):
            host = running.find(terminal.folder)
            host.ask("PUT", "/api/settings/public_chat_url", {"value": host.url})
            host.ask("PUT", "/api/agents/support/access-policy", {"policy": "open"})

            connected = terminal.run("connect", "support", channel, *settings)
            enter(http, base, connected.stdout)
            http.post(f"{base}/phones/Zoe/say", json={"text": "hello"})
            heard = seen(lambda: [one for one in messages(http, base) if "echo hello" in str(one)])
            listed = terminal.run("agents")

    assert connected.exit_code == 0, connected.output
    assert heard
    assert f"{channel} " in listed.stdout


def messages(http: httpx.Client, base: str) -> list[Any]:
    return list(http.get(f"{base}/phones/Zoe/messages").json()["messages"])


def enter(http: httpx.Client, base: str, told: str) -> None:
    """Copy the webhook URL from the terminal to the console, where the provider wants that."""
    console = base.rpartition("/")[0]
    page = http.get(console).text
    if "<form" not in page:
        assert "The webhook is set at the provider: " in told
        return
    (url,) = re.findall(r"Webhook URL, to enter at the provider: (\S+)", told)
    (key,) = re.findall(r'name="key" value="([^"]+)"', page)
    assert http.post(f"{console}/webhook", data={"key": key, "url": url}).status_code == httpx.codes.SEE_OTHER
