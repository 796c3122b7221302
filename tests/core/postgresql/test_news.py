"""What processes tell each other over PostgreSQL: within two seconds, and also after their connections were cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from tests import postgres
from tests.postgres_units import BROKEN, CUT
from trinity_channels.store import StoreError, Tx, listening, settings
from trinity_channels.store.listening import CHANNEL
from trinity_channels.store.news import Subject
from trinity_channels.store.postgres import PostgresStore


class Heard:
    """The news that a store has passed on."""

    def __init__(self, store: PostgresStore) -> None:
        self.subjects: list[Subject] = []
        self._more = asyncio.Event()
        for subject in Subject:
            store.on_news(subject, lambda subject=subject: self._hear(subject))  # type: ignore[misc]

    def _hear(self, subject: Subject) -> None:
        self.subjects.append(subject)
        self._more.set()

    async def within(self, seconds: float) -> list[Subject]:
        """What was heard, once there is something; then it is forgotten."""
        await asyncio.wait_for(self._more.wait(), seconds)
        found, self.subjects = self.subjects, []
        self._more.clear()
        return found


@pytest.fixture
async def other(url: str, store: PostgresStore) -> AsyncIterator[PostgresStore]:
    """What another process has open, which listens as a host does."""
    made = PostgresStore(url)
    made.open(serve=False)
    await made.listen()
    await store.listen()
    yield made
    await made.close()


def tells(tx: Tx, subject: Subject) -> None:
    settings.put(tx, "a", subject)
    tx.tell(subject)


async def test_what_one_process_tells_another_hears_once_it_can_be_read(
    store: PostgresStore, other: PostgresStore
) -> None:
    heard = Heard(other)

    await store.write(lambda tx: tells(tx, Subject.LIMITS))

    assert await heard.within(2) == [Subject.LIMITS]
    assert await other.read(lambda tx: settings.get(tx, "a")) == "limits"


async def test_one_process_knows_what_it_tells_before_the_caller_goes_on(store: PostgresStore) -> None:
    heard = Heard(store)
    found: list[str | None] = []

    async def read() -> None:
        found.append(await store.read(lambda tx: settings.get(tx, "a")))

    store.read_on_news(Subject.BINDINGS, read)
    await store.write(lambda tx: tells(tx, Subject.BINDINGS))

    assert (heard.subjects, found) == ([Subject.BINDINGS], ["bindings"])


async def test_what_is_not_committed_is_told_to_no_one(store: PostgresStore, other: PostgresStore) -> None:
    heard = Heard(other)

    def bad(tx: Tx) -> None:
        tells(tx, Subject.LIMITS)
        raise ValueError("mine alone")

    with pytest.raises(ValueError, match="mine alone"):
        await store.write(bad)
    await store.write(lambda tx: tells(tx, Subject.BINDINGS))

    assert await heard.within(2) == [Subject.BINDINGS]


async def test_after_the_connection_was_cut_anything_may_have_changed(
    store: PostgresStore, other: PostgresStore
) -> None:
    heard = Heard(other)
    for _ in range(2):
        postgres.administer(CUT)

        assert set(await heard.within(2)) == set(Subject)
        await store.write(lambda tx: tells(tx, Subject.LIMITS))
        assert await heard.within(2) == [Subject.LIMITS]


async def test_while_the_database_is_away_it_is_tried_again(
    store: PostgresStore, other: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "_PAUSES", (0.01,))
    heard = Heard(other)
    postgres.administer("ALTER DATABASE of_the_store WITH ALLOW_CONNECTIONS false")
    postgres.administer(BROKEN)
    await asyncio.sleep(0.1)
    assert (heard.subjects, other.unheard > 0) == ([], True)
    postgres.administer("ALTER DATABASE of_the_store WITH ALLOW_CONNECTIONS true")

    assert set(await heard.within(10)) == set(Subject)
    assert other.unheard == 0
    await store.write(lambda tx: tells(tx, Subject.LIMITS))
    assert await heard.within(2) == [Subject.LIMITS]


async def test_what_another_version_tells_is_passed_over(store: PostgresStore, other: PostgresStore, url: str) -> None:
    heard = Heard(other)
    with psycopg.connect(postgres.plain(url), autocommit=True) as connection:
        connection.execute("SELECT pg_notify(%s, 'of a later version')", [CHANNEL])
    await store.write(lambda tx: tells(tx, Subject.LIMITS))

    assert await heard.within(2) == [Subject.LIMITS]


async def test_a_connection_that_does_not_answer_any_more_is_replaced(
    store: PostgresStore, other: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends it by itself: a process that is paused is not heard of."""
    monkeypatch.setattr(listening, "LET_GO", 1)
    heard = Heard(other)
    postgres.administer(CUT)
    assert set(await heard.within(2)) == set(Subject)

    assert set(await heard.within(10)) == set(Subject)
    assert store.name == other.name


async def test_to_listen_to_a_database_that_is_away_fails_as_all_work_does(url: str) -> None:
    stranger = PostgresStore(url.replace("of_the_store", "of_no_one"))

    with pytest.raises(StoreError, match='database "of_no_one" does not exist'):
        await stranger.listen()
    await stranger.close()
