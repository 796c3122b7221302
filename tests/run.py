"""Run the suite: two processes beside each other, for it needs the time of two cores, then the load tests alone.

`--fast` takes one case of each test, a tenth of the examples of properties, and leaves out what takes long: load tests,
browsers, the starting of whole programs, and stories that go on for weeks (the mark `long`). Each process looks back at its
own log and memory (`log_watch.LAST`). What the second one prints follows the first one's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

LOOK_BACK = ("tests/test_logs_hold_no_secrets.py", "tests/test_memory.py")
FIRST = ("tests/stories", "tests/cli", *LOOK_BACK)
SECOND = ("tests", "plugins", *(f"--ignore={one}" for one in ("tests/stories", "tests/cli", "tests/load")))
MASSES = tuple(f"tests/load/test_{name}.py" for name in ("fuzz_api", "fuzz_webhooks", "retention"))
"""Load tests in which no time matters; they run in the first process."""
LOAD = ("tests/load", *(f"--ignore={one}" for one in MASSES), *LOOK_BACK)
FAST = (
    "--fast",
    "--hypothesis-profile=fast",
    "--ignore=plugins/contract_tests/tests/test_new_plugin.py",
    "--ignore=plugins/contract_tests/tests/test_report.py",
    *(f"--ignore=tests/cli/test_{name}.py" for name in ("demo", "first_token", "reload", "simulate", "try_out")),
)
MEMORY = Path("/dev/shm")  # noqa: S108  pytest makes folders of its own there
ROOM = 500_000_000
"""Bytes that must be free there; the databases of passed tests are removed at once."""


def main() -> int:
    """Return the first exit status that is not zero."""
    fast = sys.argv[1:] == ["--fast"]
    options = FAST if fast else ()
    with tempfile.TemporaryFile("w+b") as printed:
        beside = pytest((*SECOND, *options), printed)
        failed = pytest((*FIRST, *options) if fast else (*MASSES, *FIRST)).wait()
        failed = beside.wait() or failed
        printed.seek(0)
        sys.stdout.buffer.write(printed.read())
        sys.stdout.flush()
    return failed or (0 if fast else pytest(LOAD, in_memory=False).wait())


def pytest(
    arguments: Sequence[str], output: IO[bytes] | None = None, *, in_memory: bool = True
) -> subprocess.Popen[bytes]:
    """Start pytest; it prints to `output`, or where we do.

    With `in_memory` its databases lie in memory where the system has a place for that: no story is about the disk, and to
    wait for it took half of the time.
    """
    command = [sys.executable, "-m", "pytest", *arguments]
    in_memory = in_memory and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    environment = {**os.environ, "TMPDIR": str(MEMORY)} if in_memory else None
    return subprocess.Popen(command, stdout=output, stderr=output, env=environment)  # noqa: S603  our own interpreter and arguments


if __name__ == "__main__":
    sys.exit(main())
