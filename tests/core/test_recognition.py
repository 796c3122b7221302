"""Whose an address is, for senders and chats as no shipped channel combines them."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import database
from trinity_channels.api import MessageReceived, Sender
from trinity_channels.store import inbox
from trinity_channels.store.sqlite import SqliteStore

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NUMBER = "+12025550123"
BARE = Sender(NUMBER, name="Zoe")


class Inbox:
    """One binding, and what arrived there."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self._events = 0

    async def gets(
        self, sender: Sender, days: float, *, chat: str | None = None, group: bool = False, event: str | None = None
    ) -> tuple[int, int]:
        """Store what someone wrote after so many days; returns the contact and the conversation it was stored under."""
        self._events += 1
        received = MessageReceived(
            event_id=event or f"event {self._events}",
            sender=sender,
            text="hello",
            provider_id=f"message {self._events}",
            conversation=chat,
            group=group,
        )
        at = NOW + timedelta(days=days)
        await self._store.write(lambda tx: inbox.accept(tx, 1, received, at))
        ((contact, conversation),) = self.rows(
            "SELECT contact_id, conversation_id FROM trinity_channels_message WHERE event_id = ?", received.event_id
        )
        return contact, conversation

    def rows(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._store.path)) as database:
            return database.execute(statement, values).fetchall()


@pytest.fixture
async def arrived(tmp_path: Path) -> AsyncIterator[Inbox]:
    path = database.found(tmp_path)
    with closing(sqlite3.connect(path)) as opened, opened:
        names = [row[1] for row in opened.execute("PRAGMA table_info(trinity_channels_binding)") if row[3]]
        opened.execute(
            f"INSERT INTO trinity_channels_binding ({', '.join(names)}) VALUES ({', '.join('1' for _ in names)})"  # noqa: S608  names of columns
        )
    store = SqliteStore(f"sqlite:///{path}")
    store.open()
    yield Inbox(store)
    await store.close()


@pytest.mark.parametrize("chat", [None, "chat 7"])
@pytest.mark.parametrize(("days", "same"), [(0.5, True), (90, True), (90.01, False), (3000, False)])
async def test_a_bare_address_is_another_persons_after_the_silence(
    arrived: Inbox, chat: str | None, days: float, same: bool
) -> None:
    before = await arrived.gets(BARE, 0, chat=chat)

    after = await arrived.gets(BARE, days, chat=chat)

    assert ((before[0] == after[0]), (before[1] == after[1])) == (same, same)


@pytest.mark.parametrize("stable", [NUMBER, "id 1"])
async def test_an_address_with_a_stable_id_is_not(arrived: Inbox, stable: str) -> None:
    zoe = Sender(NUMBER, stable=stable, name="Zoe")

    assert await arrived.gets(zoe, 0, chat="chat 7") == await arrived.gets(zoe, 3000, chat="chat 7")


async def test_a_stable_address_that_comes_without_its_id_is_not(arrived: Inbox) -> None:
    assert await arrived.gets(Sender(NUMBER, stable=NUMBER), 0) == await arrived.gets(BARE, 3000)


async def test_a_chat_that_another_stable_person_writes_in_is_a_new_conversation(arrived: Inbox) -> None:
    zoe = await arrived.gets(Sender(NUMBER, stable="id 1"), 0, chat="chat 7")
    yan = await arrived.gets(Sender(NUMBER, stable="id 2"), 1, chat="chat 7")

    assert zoe[0] != yan[0]
    assert zoe[1] != yan[1]
    assert arrived.rows("SELECT id, address FROM trinity_channels_conversation WHERE address = ''") == [(zoe[1], "")]


async def test_a_group_stays_one_conversation(arrived: Inbox) -> None:
    before = await arrived.gets(BARE, 0, chat="group 1", group=True)
    after = await arrived.gets(BARE, 91, chat="group 1", group=True)

    assert before[0] != after[0]
    assert before[1] == after[1]


async def test_a_conversation_in_another_chat_breaks_the_silence(arrived: Inbox) -> None:
    first = await arrived.gets(BARE, 0)
    await arrived.gets(BARE, 80, chat="group 1", group=True)

    assert (await arrived.gets(BARE, 160))[0] == first[0]


async def test_each_silence_makes_somebody_new(arrived: Inbox) -> None:
    found = [(await arrived.gets(BARE, 91 * number))[0] for number in range(4)]

    assert len(set(found)) == len(found)


@pytest.mark.parametrize("days", [0, 91])
async def test_a_repetition_makes_no_new_person(arrived: Inbox, days: int) -> None:
    first = await arrived.gets(BARE, 0, event="one")

    again = await arrived.gets(BARE, days, event="one")

    assert again == first
    assert arrived.rows("SELECT contact_id, count(*) FROM trinity_channels_address GROUP BY 1") == [(first[0], 1)]
