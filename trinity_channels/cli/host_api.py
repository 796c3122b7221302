"""The host's API for commands: that of the running host, or of one that is opened for a single call and serves nothing.

Either way the same code decides, checks, and puts it on record, as done on the command line.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import httpx

from trinity_channels.app import create_app
from trinity_channels.cli import running
from trinity_channels.cli.errors import CommandFailed
from trinity_channels.cli.running import HostNotRunning, HostRefused
from trinity_channels.readable_settings import data_folder
from trinity_channels.settings import StandaloneSettings

IDLE = "http://idle.invalid"
"""Stands for the host that is opened within this process; nothing is resolved or listened on."""


class NoAnswer(CommandFailed):
    """Another process serves the database, and cannot be asked."""


def ask(
    method: str, path: str, body: object = None, *, reads: bool = False, timeout: float = running.TIMEOUT
) -> tuple[Any, bool]:
    """Call the API.

    Args:
        method: an HTTP method.
        path: a path of the API, with its query if it has one.
        body: what is sent as JSON; None for no body.
        reads: it changes nothing, so it may also be done beside a host that cannot be asked.
        timeout: seconds that a running host may take.

    Returns:
        The JSON of the answer, and whether a running host gave it.

    Raises:
        HostRefused: the answer is an error.
        NoAnswer: another process serves the database and cannot be asked.
        SettingsError, StoreError, VaultError: no host is running, and none can be opened.
    """
    try:
        # The running host first: only it can wake what a change calls for at once.
        return running.find(data_folder()).ask(method, path, body, timeout=timeout), True
    except HostNotRunning:
        return asyncio.run(_ask_idle(method, path, body, reads=reads)), False


async def _ask_idle(method: str, path: str, body: object, *, reads: bool) -> Any:
    app, host = create_app(StandaloneSettings.load())
    try:
        # Without the lock of a server, which `is_served` looks at next.
        host.store.open(serve=False)
        if not reads and host.store.is_served():
            raise NoAnswer(
                "Another process serves this database and cannot be asked: it is part of another application, or another "
                "user runs it. Use its API, or run the command as that user."
            )
        await host.address.load()
        await host.limits.load()
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=IDLE) as http:
            # The same way in as over the network: checks, audit and errors are those of the API.
            headers = {"Authorization": f"Bearer {host.local_token}"}
            answer = await http.request(method, path, headers=headers, json=body)
    finally:
        await host.store.close()
        await host.http.aclose()
    answered = answer.json()
    if answer.is_success:
        return answered
    raise HostRefused(str(answered["message"]), answer.status_code, str(answered["code"]))


def agent_path(agent: str, *rest: str) -> str:
    """A path of the API below an agent, whatever was typed as its name."""
    return "/".join(["/api/agents", *(quote(part, safe="") for part in (agent, *rest))])
