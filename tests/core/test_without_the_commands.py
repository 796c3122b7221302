"""An application that mounts the host needs neither its server nor its commands: they are the extra `cli`."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent.parent
MODULES = {"uvicorn": ("uvicorn", "httptools", "uvloop"), "fastapi-offline": ("fastapi_offline",)}
WITHOUT = """
import sys

sys.modules |= dict.fromkeys({modules!r})
"""
MOUNTED = """
import asyncio

import httpx
from fastapi import FastAPI

from trinity_channels.app import Ports, mount_channels
from trinity_channels.settings import Settings


async def main() -> None:
    app = FastAPI()
    token = "fake-admin-token-for-tests"
    mount_channels(app, Ports(), Settings.load(trinity_channels_home={home!r}, trinity_channels_admin_token=token))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://host") as client:
        answer = await client.get("/api/channels", headers={{"Authorization": "Bearer " + token}})
        print(answer.status_code, len(answer.json()))


asyncio.run(main())
"""
COMMAND = """
from trinity_channels.cli import main

main()
"""


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program that cannot import what the extra brings."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    names = [Requirement(one).name for one in extras["cli"]]
    modules = [module for name in names for module in MODULES.get(name, (name,))]
    code = WITHOUT.format(modules=modules) + program.format(home=str(folder))
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603  our own interpreter


@pytest.mark.long  # starts a whole program
def test_a_mounted_host_works_without_it(tmp_path: Path) -> None:
    done = run(MOUNTED, tmp_path)

    status, channels = done.stdout.splitlines()[-1].split() if done.stdout else ("", "0")
    assert (done.returncode, status) == (0, "200"), done.stderr
    assert int(channels) > 0


def test_the_command_says_what_to_install(tmp_path: Path) -> None:
    done = run(COMMAND, tmp_path)

    assert done.returncode == 1
    assert "trinity-channels[cli]" in done.stderr
    assert "Traceback" not in done.stderr
