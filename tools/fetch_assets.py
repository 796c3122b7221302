"""Fetch what `trinity_channels/assets/assets.toml` names from the npm registry, check it, and put it in its place.

`--check` only compares the files that are there with their hashes, and needs no network.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "trinity_channels/assets"
VENDOR = FOLDER / "vendor"


class Wrong(Exception):
    """A file or an archive is not what the list says."""


def packages() -> list[dict[str, Any]]:
    """The list."""
    listed: list[dict[str, Any]] = tomllib.loads((FOLDER / "assets.toml").read_text(encoding="utf-8"))["package"]
    return listed


def check(package: dict[str, Any]) -> None:
    """Compare the files of one package with their hashes, and look for files that are not on the list.

    Raises:
        Wrong: one differs, is missing, or is one too many.
    """
    folder = VENDOR / package["folder"]
    expected = {Path(path).name: digest for path, digest in package["files"].items()}
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("*")}
    if found != expected:
        names = sorted(name for name in found | expected if found.get(name) != expected.get(name))
        raise Wrong(f"{folder}: {', '.join(names)} differ from assets.toml; run make assets")


def fetch(package: dict[str, Any]) -> None:
    """Download one package and copy its files.

    Raises:
        Wrong: the archive is not the one of the list, or lacks a file.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise Wrong("npm is needed to fetch packages; install Node.js")
    with tempfile.TemporaryDirectory() as folder:
        spec = f"{package['name']}@{package['version']}"
        command = [npm, "pack", "--json", "--ignore-scripts", spec]
        packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603
        archive = Path(folder) / json.loads(packed.stdout)[0]["filename"]
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if package["integrity"] != f"sha512-{digest}":
            raise Wrong(f"{spec}: the archive has integrity sha512-{digest}, assets.toml says {package['integrity']}")
        target = VENDOR / package["folder"]
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        with tarfile.open(archive) as opened:
            for path in package["files"]:
                content = opened.extractfile(f"package/{path}")
                if content is None:
                    raise Wrong(f"{spec} has no file {path}")
                (target / Path(path).name).write_bytes(content.read())
    check(package)


def main() -> None:
    """Fetch or check every package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    do = check if parser.parse_args().check else fetch
    try:
        for package in packages():
            do(package)
    except Wrong as wrong:
        sys.exit(str(wrong))


if __name__ == "__main__":
    main()
