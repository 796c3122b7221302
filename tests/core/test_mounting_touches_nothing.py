"""Importing and mounting the channels is no more than that: files, databases and the network wait for the start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import json, os, sys, sysconfig

from fastapi import FastAPI

touched = []
watched = ("open", "sqlite3.connect", "os.mkdir", "os.remove", "os.rename", "os.link", "os.chmod", "subprocess.Popen")
places = [os.path.realpath(one) for one in (*sys.path, sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()) if one]
app = FastAPI()

def hook(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        path = os.path.realpath(os.fspath(path)) if not isinstance(path, int) else str(path)
        # Python's own reading of modules and of what is installed; prometheus_client reads /proc when it is imported.
        reads = not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if reads and (path.startswith("/proc/") or any(path.startswith(place) for place in places)):
            return
    if event in watched or event.startswith("socket."):
        touched.append([event, str(arguments[0]) if arguments else ""])

sys.addaudithook(hook)
from trinity_channels.app import Ports, mount_channels
from trinity_channels.settings import Settings

class Authenticator:
    async def principal(self, request):
        return None

mount_channels(app, Ports(authenticator=Authenticator()), Settings.load())
print(json.dumps(touched))
"""


def test_importing_and_mounting_touch_no_network_file_or_database(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = {**os.environ, "TRINITY_CHANNELS_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}

    done = subprocess.run(  # noqa: S603  our own script
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout) == []
    assert not home.exists()
