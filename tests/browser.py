"""Makes sure that a Chromium is there for the tests of the pages; `find` tells them where."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of a Chromium of this machine, or of the one that playwright has installed."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  a second, which a found browser saves

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """Install one: the distribution's where that needs no questions, playwright's own otherwise."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=True)  # noqa: S607  whichever the machine has
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],  # noqa: S607
            check=True,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def main() -> None:
    """Find or install, and say so in one line."""
    found = find()
    if found is None:
        install()
        found = find()
    if found is None:
        sys.exit("Chromium is missing and could not be installed; install one and run this again.")
    print(f"The pages are tested with {found}")  # noqa: T201  this is what it is for


if __name__ == "__main__":
    main()
