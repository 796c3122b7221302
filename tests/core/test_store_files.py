"""The store and its file: what is closed is finished and let go, and no other user reads it."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from tests.database import found
from trinity_channels.store import Locked, StoreError, Tx, settings
from trinity_channels.store.sqlite import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return found(tmp_path)


def put(tx: Tx, name: str) -> str:
    settings.put(tx, name, "x")
    return name


async def test_closing_finishes_what_was_given(path: Path) -> None:
    store = SqliteStore(f"sqlite:///{path}")
    store.open()
    given = [
        asyncio.ensure_future(store.write(lambda tx, number=number: put(tx, str(number))))  # type: ignore[misc]  # bound
        for number in range(600)
    ]
    await asyncio.sleep(0)

    await store.close()

    assert await asyncio.gather(*given) == [str(number) for number in range(600)]


async def test_a_closed_store_says_so_and_its_file_is_free(path: Path) -> None:
    store = SqliteStore(f"sqlite:///{path}")
    store.open()
    await store.close()
    await store.close()

    def late(tx: Tx) -> str | None:
        return settings.get(tx, "late")

    with pytest.raises(StoreError, match="closed"):
        await store.write(lambda tx: put(tx, "late"))
    with pytest.raises(StoreError, match="closed"):
        await store.read(late)
    store.open()
    assert await store.read(late) is None
    await store.close()


async def test_nobody_else_can_read_the_files(tmp_path: Path) -> None:
    path = tmp_path / "new" / "channels.db"
    store = SqliteStore(f"sqlite:///{path}")
    store.open()
    await store.write(lambda tx: put(tx, "a"))

    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert [name for name, mode in modes.items() if mode & 0o077] == []
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    await store.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="DATABASE_URL"):
        SqliteStore(url)


def test_a_file_that_is_no_database_is_refused_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "channels.db"
    path.write_bytes(b"this is a letter, not a database\n" * 100)
    store = SqliteStore(f"sqlite:///{path}")

    for _ in range(2):  # the second time it must not be called locked
        with pytest.raises(StoreError, match=r"channels\.db") as told:
            store.open()
        assert not isinstance(told.value, Locked)
