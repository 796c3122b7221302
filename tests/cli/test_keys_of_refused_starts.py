"""A start that is refused its database makes no key file: a key that opens nothing could be taken for the right one."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.cli.conftest import Terminal
from tests.moving import filled
from trinity_channels.store import store_at

pytestmark = pytest.mark.sqlite("the refusals are those of a schema, whatever the database")

MARKED = (
    "CREATE TABLE trinity_channels_move (name VARCHAR NOT NULL PRIMARY KEY, value TEXT NOT NULL)",
    "INSERT INTO trinity_channels_move VALUES ('from', 'old.db'), ('to', 'new.db'), ('at', '2026-01-01')",
)


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("rotate-keys",)])
@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("moving", "holds a part of old.db"),
        ("moved", "was moved to new.db"),
        ("0907", "has schema version 0907"),
    ],
)
def test_a_schema_that_cannot_be_used(terminal: Terminal, version: str, why: str, command: tuple[str, ...]) -> None:
    url = filled(terminal.folder / "refused.db", 0)
    with closing(sqlite3.connect(terminal.folder / "refused.db")) as connection, connection:
        for statement in MARKED:
            connection.execute(statement)
        connection.execute("UPDATE trinity_channels_alembic_version SET version_num = ?", [version])
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=url, CREDENTIAL_ENCRYPTION_KEY="")

    ended = terminal.run(*command)

    assert (ended.exit_code, why in ended.stderr) == (1, True), ended.output
    assert not (terminal.folder / "credentials.key").exists()


def test_a_database_that_another_process_serves(terminal: Terminal) -> None:
    url = filled(terminal.folder / "refused.db", 0)
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=url, CREDENTIAL_ENCRYPTION_KEY="")
    server = store_at(url)
    server.open()

    ended = terminal.run("serve", "--port", "0")

    assert (ended.exit_code, "refused.db" in ended.stderr) == (1, True), ended.output
    assert not (terminal.folder / "credentials.key").exists()


def test_a_path_that_holds_something_else(terminal: Terminal) -> None:
    (terminal.folder / "text.db").write_text("no database at all" * 100)
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=f"sqlite:///{terminal.folder}/text.db", CREDENTIAL_ENCRYPTION_KEY="")

    assert terminal.run("serve", "--port", "0").exit_code == 1
    assert not (terminal.folder / "credentials.key").exists()


def test_a_database_that_can_be_used_gets_its_key(terminal: Terminal) -> None:
    url = filled(terminal.folder / "used.db", 0)
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=url, CREDENTIAL_ENCRYPTION_KEY="")

    assert terminal.run("rotate-keys").exit_code == 0
    assert (terminal.folder / "credentials.key").exists()
