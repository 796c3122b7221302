"""An empty database, which is watched: to apply all migrations takes longer than most stories."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.transitions import watch_states
from trinity_channels.store import Store, migrate

NAME = "trinity_channels.db"
"""The file in the data folder of a host."""


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        migrate.upgrade(f"sqlite:///{path}")
        watch_states(path)
        return path.read_bytes()


def found(folder: Path) -> Path:
    """The database in a folder, made with the current schema if there is none."""
    path = folder / NAME
    if not path.exists():
        path.write_bytes(_empty())
    return path


@contextmanager
def full_disk(store: Store) -> Iterator[None]:
    """No file may grow beyond what the write-ahead log has by now, so that commits fail."""
    size = store.path.with_name(store.path.name + "-wal").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
