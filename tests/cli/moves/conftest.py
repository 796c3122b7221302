"""What is moved, and where to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.moving import filled


@pytest.fixture(autouse=True)
def dropped() -> Iterator[None]:
    yield
    postgres.drop()


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A file with a few rows in each table."""
    return filled(tmp_path / "source.db", 3)


@pytest.fixture
def target() -> str:
    """An empty database of a server."""
    return postgres.database("target")
