"""How commands reach the running host: by a file in its data folder that is only there, and only works, while it runs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.cli.conftest import Terminal
from tests.world import World
from trinity_channels.cli import running, servers
from trinity_channels.cli.running import HostNotRunning, HostRefused


def left(folder: Path, **changes: object) -> Path:
    """A file as a host leaves it that was killed."""
    file = folder / "host.json"
    file.write_text(json.dumps({"url": "http://127.0.0.1:9", "pid": 4_000_000, "token": "tc_fake-token"} | changes))
    return file


@pytest.mark.usefixtures("terminal")
def test_serve_leaves_its_address_and_a_token_for_as_long_as_it_runs(tmp_path: Path) -> None:
    left(tmp_path)
    command = [sys.executable, "-m", "trinity_channels.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ) as server:  # noqa: S603
        assert server.stdout is not None
        for line in server.stdout:
            if "listens on" in line:
                break
        mode = stat.S_IMODE((tmp_path / "host.json").stat().st_mode)
        host = running.find(tmp_path)
        channels = host.ask("GET", "/api/channels")
        changed = host.ask("PUT", "/api/settings/public_chat_url", {"value": "https://chat.example.org"})
        audit = host.ask("GET", "/api/audit?action=set_public_chat_url")
        server.send_signal(signal.SIGTERM)
        out, err = server.communicate(timeout=20)

    assert mode == 0o600
    assert (host.pid, server.returncode) == (server.pid, 0)
    assert {one["name"] for one in channels} >= {"whatsapp"}
    assert changed["value"] == "https://chat.example.org"
    assert "command line" in json.dumps(audit)
    assert host.token not in out + err + repr(host)
    assert not (tmp_path / "host.json").exists()
    assert list(tmp_path.glob(".host.json*")) == []


async def test_the_token_is_of_this_run_only(terminal: Terminal, world: World) -> None:
    before = world.host.local_token
    await world.stops()
    await world.starts()

    async with terminal.serving(world) as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
        old = await http.get("/api/channels", headers={"Authorization": f"Bearer {before}"})
        new = await http.get("/api/channels", headers={"Authorization": f"Bearer {world.host.local_token}"})

    assert (old.status_code, new.status_code) == (401, 200)


async def test_an_error_of_the_api_keeps_its_code_and_its_words(terminal: Terminal, world: World) -> None:
    async with terminal.serving(world):
        host = running.find(terminal.folder)
        with pytest.raises(HostRefused, match=r"^There is no such agent, or it is not yours\.$") as refused:
            await asyncio.to_thread(host.ask, "GET", "/api/agents/nobody/whatsapp")

    assert (refused.value.status, refused.value.code) == (404, "agent_not_found")


def test_without_a_server_the_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(HostNotRunning, match=r"^No server is running on the data folder .*TRINITY_CHANNELS_HOME"):
        running.find(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"url": "http://127.0.0.1:9"}', b'{"url": 1, "pid": "x", "token": ""}', b"\xff"],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "host.json").write_bytes(content)

    with pytest.raises(HostNotRunning, match=r"host\.json is damaged.*Restart the server"):
        running.find(tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "host.json").mkdir()

    with pytest.raises(HostNotRunning, match="as the user that runs the server"):
        running.find(tmp_path)


def test_a_file_of_a_server_that_was_killed_is_stale(tmp_path: Path) -> None:
    left(tmp_path)

    with pytest.raises(HostNotRunning, match=r"process 4000000 .*nothing answers there.*trinity-channels serve"):
        running.find(tmp_path).ask("GET", "/api/channels")


@pytest.mark.parametrize(
    ("status", "why"),
    [(401, "does not accept its token"), (200, "not trinity_channels"), (502, "not trinity_channels")],
)
async def test_another_program_at_the_address_is_not_taken_for_the_host(tmp_path: Path, status: int, why: str) -> None:
    async def answer(_: Request) -> Response:
        return PlainTextResponse("It works!", status)

    with servers.bind("127.0.0.1", 0) as bound:
        left(tmp_path, url=servers.address(bound))
        async with servers.serving(Starlette(routes=[Route("/{path:path}", answer)]), bound):
            with pytest.raises(HostNotRunning, match=why):
                await asyncio.to_thread(running.find(tmp_path).ask, "GET", "/api/channels")


def test_a_host_that_ends_leaves_the_file_of_another_one_alone(tmp_path: Path) -> None:
    with running.announced(tmp_path, "http://127.0.0.1:1", "tc_fake-one"):
        left(tmp_path, token="tc_fake-two")

    assert running.find(tmp_path).token == "tc_fake-two"


def test_a_folder_that_cannot_be_written_does_not_stop_the_server(tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("")

    with running.announced(home, "http://127.0.0.1:1", "tc_fake-one"):
        pass

    assert home.read_text() == ""


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104  not listened on
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("192.0.2.7", "http://192.0.2.7:8000"),
    ],
)
def test_the_address_reaches_the_socket_from_this_machine(host: str, url: str) -> None:
    assert running.local_address(host, 8000) == url


async def names(folder: Path, url: str) -> None:
    """Wait until commands reach the host at a URL."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(HostNotRunning):
                if running.find(folder).url == url:
                    return
            await asyncio.sleep(0.01)


async def test_of_several_processes_that_share_a_folder_one_is_always_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "AGAIN", 0.02)
    a, b = "http://127.0.0.1:8001", "http://127.0.0.1:8002"
    with running.announced(tmp_path, a, "tc_fake-a", shared=True):
        with running.announced(tmp_path, b, "tc_fake-b", shared=True):
            await names(tmp_path, b)
        await names(tmp_path, a)
        left(tmp_path)  # one that was killed
        await names(tmp_path, a)
        left(tmp_path, url=b, pid=os.getppid())  # one that runs
        await asyncio.sleep(0.1)
        assert running.find(tmp_path).url == b
        (tmp_path / "host.json").write_text("{")
        await names(tmp_path, a)

    assert not (tmp_path / "host.json").exists()
