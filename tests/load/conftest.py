"""The database of a host that is a process of its own; with `--postgres` that of a server which the test has for itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.load.databases import Database, PostgresOnDisk, SqliteFile


@pytest.fixture
def database(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[Database]:
    """Of the kind that is asked for."""
    if not pytestconfig.getoption("--postgres"):
        yield SqliteFile(tmp_path)
        return
    # A path of its own: that of a socket has at most some hundred letters.
    with tempfile.TemporaryDirectory(prefix="pg") as folder, PostgresOnDisk(Path(folder) / "data") as server:
        yield server
