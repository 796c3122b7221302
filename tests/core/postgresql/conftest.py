"""A database of its own for each test of the store on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests import postgres
from tests.dispatching import Work
from trinity_channels.store.postgres import PostgresStore


@pytest.fixture(autouse=True)
def dropped() -> Iterator[None]:
    yield
    postgres.drop()


@pytest.fixture
def url() -> str:
    return postgres.database("of_the_store")


@pytest.fixture
async def store(url: str) -> AsyncIterator[PostgresStore]:
    made = PostgresStore(url)
    made.open()
    yield made
    await made.close()


@pytest.fixture
def work(store: PostgresStore) -> Work:
    return Work(store)
