"""Run the suite: two processes beside each other, for it needs the time of two cores, then the load tests alone.

Each process looks back at its own log and memory (`log_watch.LAST`). What the second one prints follows the first one's.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import IO

LOOK_BACK = ("tests/test_logs_hold_no_secrets.py", "tests/test_memory.py")
FIRST = ("tests/stories", "tests/cli", *LOOK_BACK)
SECOND = ("tests", "plugins", *(f"--ignore={one}" for one in ("tests/stories", "tests/cli", "tests/load")))
LOAD = ("tests/load", *LOOK_BACK)


def main() -> int:
    """Return the first exit status that is not zero."""
    with tempfile.TemporaryFile("w+b") as printed:
        beside = pytest(SECOND, printed)
        failed = pytest(FIRST).wait()
        failed = beside.wait() or failed
        printed.seek(0)
        sys.stdout.buffer.write(printed.read())
        sys.stdout.flush()
    return failed or pytest(LOAD).wait()


def pytest(arguments: Sequence[str], output: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """Start pytest; it prints to `output`, or where we do."""
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603  our own interpreter and arguments


if __name__ == "__main__":
    sys.exit(main())
