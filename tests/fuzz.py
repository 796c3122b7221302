"""Runs the property tests again and again, each time with another seed, until the time is over or one of them fails."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import time

PATHS = ("tests", "plugins", "--ignore=tests/load")


def main() -> int:
    """Fuzz; the exit status is that of the last run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="no further run begins after this time")
    parser.add_argument("--examples", type=int, default=500, help="examples of each property in one run")
    parser.add_argument("paths", nargs="*", default=PATHS, help="arguments for pytest, such as test files")
    given = parser.parse_args()
    end = time.monotonic() + given.seconds
    status = 0
    while status == 0 and time.monotonic() < end:
        seed = secrets.randbelow(2**32)
        print(f"--- seed {seed}", flush=True)  # noqa: T201  for the person who waits
        options = ["-x", "-m", "hypothesis", "--hypothesis-profile=fuzz", f"--hypothesis-seed={seed}", "--timeout=0"]
        status = subprocess.run(  # noqa: S603  our own tests
            [sys.executable, "-m", "pytest", *options, *given.paths],
            check=False,
            env={**os.environ, "FUZZ_EXAMPLES": str(given.examples)},
        ).returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
