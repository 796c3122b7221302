"""Our tables beside those of others: names of their own, a migration table of their own, and earlier databases renamed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory
from sqlalchemy import Connection
from sqlmodel import SQLModel

from tests import database
from tests.world import World
from trinity_channels.store import Store, StoreError, migrate
from trinity_channels.store.tables.row import PREFIX

EARLIER = Path(__file__).parents[1] / "databases"
"""Databases as earlier versions left them, as SQL."""
OTHERS = """
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
INSERT INTO alembic_version VALUES ('0003');
CREATE TABLE setting (name VARCHAR NOT NULL, value VARCHAR NOT NULL);
INSERT INTO setting VALUES ('admin_token_digest', 'the platform''s');
CREATE TABLE binding (id INTEGER PRIMARY KEY, agent_name VARCHAR, webhook_secret VARCHAR, disconnected_at INTEGER);
INSERT INTO binding VALUES (1, 'support', 'fake-secret', NULL);
CREATE TABLE message (id INTEGER PRIMARY KEY, binding_id INTEGER REFERENCES binding (id), text VARCHAR);
INSERT INTO message VALUES (1, 1, 'the platform''s');
CREATE TABLE conversation (id INTEGER PRIMARY KEY);
CREATE TABLE delivery (id INTEGER PRIMARY KEY);
CREATE TABLE turn (id INTEGER PRIMARY KEY);
CREATE INDEX binding_account ON binding (agent_name);
CREATE INDEX message_open ON message (binding_id) WHERE text IS NOT NULL;
CREATE VIEW latest AS SELECT max(id) AS id FROM message;
"""


def made(path: Path, *scripts: str) -> str:
    """A database that scripts have made; its address."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for script in scripts:
            connection.executescript(script)
    return f"sqlite:///{path}"


def earlier(version: str) -> str:
    return (EARLIER / f"{version}.sql").read_text(encoding="utf-8")


def schema(path: Path) -> dict[str, str]:
    """Every table and index with its statement, however it is written."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
    return {name: "".join((sql or "").replace('"', "").split()) for name, sql in rows}


def dumped(path: Path) -> list[str]:
    """What others have in a database."""
    with closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if PREFIX not in line]


@pytest.fixture
def fresh(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "fresh.db"
    migrate.upgrade(f"sqlite:///{path}")
    return schema(path)


def test_all_our_names_begin_with_the_projects(fresh: dict[str, str]) -> None:
    assert [name for name in fresh if not name.startswith((PREFIX, f"ix_{PREFIX}"))] == []
    assert migrate.VERSION_TABLE in fresh


@pytest.mark.parametrize("version", ["0002", "0009"])
def test_a_database_of_an_earlier_version_gets_the_schema_of_a_new_one(
    tmp_path: Path, fresh: dict[str, str], version: str
) -> None:
    path = tmp_path / "earlier.db"
    url = made(path, earlier(version))

    for _ in range(2):
        migrate.upgrade(url)

    found = schema(path)
    assert set(found) == set(fresh)
    # Columns that were added later stand in another order, in both.
    assert {name: sql for name, sql in found.items() if sql.startswith("CREATEINDEX")} == {
        name: sql for name, sql in fresh.items() if sql.startswith("CREATEINDEX")
    }


async def test_a_host_goes_on_where_an_earlier_version_stopped(tmp_path: Path, clock: FrozenDateTimeFactory) -> None:
    made(tmp_path / database.NAME, earlier("0009"))
    async with World(tmp_path, clock) as world:
        shares = (await world.api("GET", "/api/agents/support/shares")).json()
        world.twilio.connect((await world.binding())["webhook_url"])
        await world.policy("open")
        zoe = world.person("Zoe", "+12025550143")
        await zoe.says("again")
        people = (await world.api("GET", "/api/agents/support/clients")).json()

    assert [one["email"] for one in shares] == ["yan@example.org"]
    assert zoe.last() == "echo again"
    assert sorted(one["display_name"] for one in people) == ["Yan", "Zoe"]
    with closing(sqlite3.connect(tmp_path / database.NAME)) as connection:
        found = connection.execute("SELECT text FROM trinity_channels_message ORDER BY id").fetchall()
    assert [found[0], found[1], found[2]] == [("hello",), ("echo hello",), ("let me in",)]


@pytest.mark.parametrize("ours", [None, "0002", "0009"])
async def test_tables_of_others_stay_untouched(tmp_path: Path, ours: str | None) -> None:
    path = tmp_path / "shared.db"
    # Its own table of versions can only be there if none of ours has that name.
    theirs = (
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR); INSERT INTO users VALUES (1, 'a@example.org');"
    )
    url = made(path, earlier(ours), theirs) if ours else made(path, OTHERS)
    path.chmod(0o640)
    with closing(sqlite3.connect(path)) as connection:
        before = [line for line in connection.iterdump() if not ours or "users" in line]

    for _ in range(2):
        store = Store(url)
        store.open()
        await store.close()

    assert [line for line in dumped(path) if not ours or "users" in line] == before
    assert path.stat().st_mode & 0o777 == 0o640


async def test_a_database_of_our_own_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "earlier.db"
    store = Store(made(path, earlier("0009")))
    path.chmod(0o644)
    store.open()
    await store.close()

    assert path.stat().st_mode & 0o777 == 0o600


def test_an_upgrade_that_fails_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "earlier.db"
    url = made(path, earlier("0009"))
    with closing(sqlite3.connect(path)) as connection:
        before = list(connection.iterdump())

    def fails(_: Connection) -> None:
        raise RuntimeError("the power is cut")

    with monkeypatch.context() as patch:
        patch.setattr(migrate, "_migrate", fails)
        with pytest.raises(RuntimeError):
            migrate.upgrade(url)

    with closing(sqlite3.connect(path)) as connection:
        assert list(connection.iterdump()) == before
    migrate.upgrade(url)


def test_a_database_of_a_later_version_is_refused_under_its_earlier_names_too(tmp_path: Path) -> None:
    path = tmp_path / "later.db"
    store = Store(made(path, earlier("0009"), "UPDATE alembic_version SET version_num = '0907'"))

    with pytest.raises(StoreError, match="0907"):
        store.open()
    assert "binding" in schema(path)


def test_an_application_that_uses_sqlmodel_finds_none_of_our_tables_among_its_own() -> None:
    assert [name for name in SQLModel.metadata.tables if name.startswith(PREFIX)] == []
