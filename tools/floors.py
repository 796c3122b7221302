"""Make an environment with the oldest libraries that the project takes: `floors.txt`, and `constraints.txt` for the rest.

The project itself comes from the environment that runs this. Nothing is resolved, which takes most of the time of an
installation: both files name every library, and `pip check` tells whether they fit together.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LINTERS = {"import-linter", "grimp", "mypy", "pip", "ruff"}
"""Large, and run by `make lint` alone."""


def versions(file: Path) -> dict[str, str]:
    """The lines of a file by the canonical name of what they pin."""
    lines = file.read_text(encoding="utf-8").split()
    return {str(canonicalize_name(line.partition("==")[0])): line for line in lines}


def main(folder: Path) -> None:
    """Make it in a folder, whose former content is removed."""
    wanted = versions(ROOT / "constraints.txt") | versions(ROOT / "floors.txt")
    venv.create(folder, clear=True, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as pins:
        pins.write("\n".join(line for name, line in wanted.items() if name not in LINTERS))
        pins.flush()
        subprocess.run([*pip, "install", "-q", "--no-deps", "--no-compile", "-r", pins.name], check=True)  # noqa: S603  our own command
    ours, theirs = Path(sysconfig.get_path("purelib")), Path(*folder.glob("lib/python*/site-packages"))
    for entry in ours.glob("*trinity_channels*"):
        if entry.is_dir():
            shutil.copytree(entry, theirs / entry.name)
        else:
            shutil.copy(entry, theirs)
    subprocess.run([*pip, "check"], check=True)  # noqa: S603  our own command


if __name__ == "__main__":
    main(Path(sys.argv[1]))
