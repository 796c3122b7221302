"""JSON into which the database looks holds nothing that PostgreSQL refuses there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests import postgres
from tests.world import START
from trinity_channels.store import Tx, audit, exports
from trinity_channels.store.postgres import PostgresStore


@pytest.fixture
async def store() -> AsyncIterator[PostgresStore]:
    made = PostgresStore(postgres.database("of_details"))
    made.open()
    yield made
    await made.close()
    postgres.drop()


@pytest.mark.parametrize(
    ("details", "recorded"),
    [
        ({"removed": ["a\0b"]}, {"removed": ["ab"]}),
        ({"a\0b": 1}, {"ab": 1}),
        ({"from": {"name": "half \ud83d"}}, {"from": {"name": "half ?"}}),
        ({"why": "\ude00\0"}, {"why": "?"}),
        ({"name": "Zoë \U0001f600"}, {"name": "Zoë \U0001f600"}),
        ({"path": "\\u0000"}, {"path": "\\u0000"}),
    ],
)
async def test_what_an_entry_of_the_audit_log_says_can_be_looked_into(
    store: PostgresStore, details: dict[str, object], recorded: dict[str, object]
) -> None:
    def add(tx: Tx) -> bool:
        told: dict[str, object] = {"client": 7, **details}
        audit.add(tx, START, audit.Actor("x"), "reload_agents", agent="support", details=told)
        return audit.noted(tx, "support", "reload_agents", audit.Actor("x"), told, START - timedelta(hours=1))

    assert await store.write(add)
    entries = (await store.read(lambda tx: exports.person(tx, "support", 7, "contact:7")))["audit"]

    assert [one["details"] for one in entries] == [{"client": 7, **recorded}]
