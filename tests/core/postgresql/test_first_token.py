"""Of several processes that start at once on a new database, one makes the administrator's first token."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trinity_channels.access.first_token import FILE, FirstTokenError, hand_over_first_token
from trinity_channels.access.tokens import Tokens, token_digest
from trinity_channels.store import tokens
from trinity_channels.store.postgres import PostgresStore

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
async def other(url: str) -> AsyncIterator[PostgresStore]:
    made = PostgresStore(url)
    made.open(serve=False)
    yield made
    await made.close()


def at(store: PostgresStore, seconds: float = 0) -> Tokens:
    return Tokens(store, lambda: START + timedelta(seconds=seconds))


async def test_one_of_them_makes_it_and_its_file_holds_it(
    store: PostgresStore, other: PostgresStore, tmp_path: Path
) -> None:
    await asyncio.gather(
        *(hand_over_first_token(at(one), tmp_path, configured=False) for one in (store, other) for _ in range(4))
    )

    (stored,) = await store.read(tokens.every)
    written = (tmp_path / FILE).read_text().strip()
    found = await store.read(lambda tx: tokens.find(tx, token_digest(written)))
    assert found is not None
    assert stored.label == "made at the first start"
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


async def test_one_that_dies_before_leaves_it_to_the_next(store: PostgresStore, other: PostgresStore) -> None:
    claimed = await at(store).needs_first()

    assert (claimed, await at(other, 9).needs_first(), await at(other, 11).needs_first()) == (True, False, True)


async def test_one_that_cannot_write_the_file_leaves_it_to_the_next_at_once(
    store: PostgresStore, other: PostgresStore, tmp_path: Path
) -> None:
    (tmp_path / FILE / "in the way").mkdir(parents=True)
    with pytest.raises(FirstTokenError):
        await hand_over_first_token(at(store), tmp_path, configured=False)

    assert await at(other).needs_first()
