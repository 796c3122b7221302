"""Our tables beside those of others: names of their own, a migration table of their own, and earlier databases renamed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory
from sqlmodel import SQLModel

from tests import database
from tests.test_migrate import at_revision
from tests.world import World
from trinity_channels.store import StoreError, earlier_names, migrate
from trinity_channels.store.sqlite import SqliteStore
from trinity_channels.store.tables.row import PREFIX

EARLIER = Path(__file__).parents[1] / "databases"
"""Databases as earlier versions left them, as SQL."""
KEPT = ("0002", "0009")
VERSIONS = [f"{number:04}" for number in range(1, 12)]
"""All that there were under the earlier names."""
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


def walked(path: Path, version: str) -> str:
    """A database of an earlier version, with a row in every table; its address.

    The migrations give the names of today; what those begin with is taken away again.
    """
    begun = path.with_name(f"begun-{version}.db")
    at_revision(begun, version)
    with closing(sqlite3.connect(begun)) as database, database:
        _fill(database)
        statements = [line.replace(PREFIX, "") for line in database.iterdump()]
    return made(path, "\n".join(statements))


def _fill(database: sqlite3.Connection) -> None:
    """Give every table that has no row one, with a 7 wherever there has to be something."""
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        needed = database.execute(f"SELECT name FROM pragma_table_info('{table}') WHERE \"notnull\"").fetchall()  # noqa: S608
        if not database.execute(f"SELECT 1 FROM {table}").fetchone():  # noqa: S608  a name of ours, as below
            columns = ", ".join(name for (name,) in needed)
            database.execute(f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['7'] * len(needed))})")  # noqa: S608


def counted(path: Path) -> dict[str, int]:
    """The number of rows of each of our tables but that of versions, by the name without what it begins with."""
    with closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        numbers = {one: database.execute(f"SELECT count(*) FROM {one}").fetchone()[0] for one in tables}  # noqa: S608
    return {name.removeprefix(PREFIX): number for name, number in numbers.items() if "alembic" not in name}


def schema(path: Path) -> dict[str, str]:
    """Every table and index with its statement, however it is written."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
    return {name: "".join((sql or "").replace('"', "").split()) for name, sql in rows}


def indexes(schema: dict[str, str]) -> dict[str, str]:
    return {name: sql for name, sql in schema.items() if sql.startswith("CREATEINDEX")}


def dumped(path: Path) -> list[str]:
    """What others have in a database."""
    with closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if PREFIX not in line]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    path = tmp_path_factory.mktemp("fresh") / "fresh.db"
    migrate.upgrade(f"sqlite:///{path}")
    return schema(path)


def test_all_our_names_begin_with_the_projects(fresh: dict[str, str]) -> None:
    assert [name for name in fresh if not name.startswith((PREFIX, f"ix_{PREFIX}"))] == []
    assert migrate.VERSION_TABLE in fresh


@pytest.mark.parametrize("version", KEPT)
def test_a_walk_makes_what_an_earlier_version_has_left(tmp_path: Path, version: str) -> None:
    made(tmp_path / "left.db", earlier(version))
    walked(tmp_path / "walked.db", version)

    assert indexes(schema(tmp_path / "walked.db")) == indexes(schema(tmp_path / "left.db"))


@pytest.mark.parametrize(("version", "kept"), [*((one, True) for one in KEPT), *((one, False) for one in VERSIONS)])
def test_a_database_of_an_earlier_version_gets_the_schema_of_a_new_one(
    tmp_path: Path, fresh: dict[str, str], version: str, kept: bool
) -> None:
    path = tmp_path / "earlier.db"
    url = made(path, earlier(version)) if kept else walked(path, version)
    before = counted(path)

    for _ in range(2):
        migrate.upgrade(url)

    found, after = schema(path), counted(path)
    assert set(found) - {"alembic_version"} == set(fresh)
    # Columns that were added later stand in another order.
    assert indexes(found) == indexes(fresh)
    # The setting that held the first token is a token since 0003.
    assert {name: after[name] for name in before if name not in {"setting", "token"}} == {
        name: number for name, number in before.items() if name not in {"setting", "token"}
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_a_program_of_the_earlier_names_finds_a_version_that_it_does_not_know(tmp_path: Path, version: str) -> None:
    path = tmp_path / "earlier.db"
    migrate.upgrade(walked(path, version))

    with closing(sqlite3.connect(path)) as database:
        # It starts with what it knows, and would make its tables, empty, where it finds no version.
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [(earlier_names.RENAMED,)]
    assert earlier_names.RENAMED not in VERSIONS


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
        store = SqliteStore(url)
        store.open()
        await store.close()

    assert [line for line in dumped(path) if not ours or "users" in line] == before
    assert path.stat().st_mode & 0o777 == 0o640


async def test_a_database_of_our_own_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "earlier.db"
    store = SqliteStore(made(path, earlier("0009")))
    path.chmod(0o644)
    store.open()
    await store.close()

    assert path.stat().st_mode & 0o777 == 0o600


def test_an_upgrade_that_fails_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "earlier.db"
    url = made(path, earlier("0009"))
    with closing(sqlite3.connect(path)) as connection:
        before = list(connection.iterdump())

    def fails(*_: object) -> None:
        raise RuntimeError("the power is cut")

    with monkeypatch.context() as patch:
        patch.setattr(migrate, "_alembic", fails)
        with pytest.raises(RuntimeError):
            migrate.upgrade(url)

    with closing(sqlite3.connect(path)) as connection:
        assert list(connection.iterdump()) == before
    migrate.upgrade(url)


def test_a_database_of_a_later_version_is_refused_under_its_earlier_names_too(tmp_path: Path) -> None:
    path = tmp_path / "later.db"
    store = SqliteStore(made(path, earlier("0009"), "UPDATE alembic_version SET version_num = '0907'"))

    with pytest.raises(StoreError, match="0907"):
        store.open()
    assert "binding" in schema(path)


def test_an_application_that_uses_sqlmodel_finds_none_of_our_tables_among_its_own() -> None:
    assert [name for name in SQLModel.metadata.tables if name.startswith(PREFIX)] == []
