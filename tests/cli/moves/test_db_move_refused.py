"""What `db move` refuses: then both databases are as they were, and the error says what to change."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests import postgres
from tests.cli.conftest import Terminal
from tests.moving import as_kept, content, filled, opens
from trinity_channels.store import store_at
from trinity_channels.store.move.rows import tables

pytestmark = [pytest.mark.sqlite("the commands name their databases"), pytest.mark.postgres]

VERSION = "UPDATE trinity_channels_alembic_version SET version_num = '{}'"
ESCAPED = "is not a URL; special characters of the user and the password are percent-encoded: @ as %40"
OLD = Path(__file__).parents[2] / "databases"


def refused(terminal: Terminal, source: str, target: str) -> str:
    """What the command says, which must not have done anything to a source that can be opened."""
    ended = terminal.run("db", "move", "--from", source, "--to", target)
    assert ended.exit_code == 1, ended.output
    return re.sub(r"\s+", " ", ended.stderr)


def changed(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


# --- URLs ---


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("channels.db", "must start with sqlite:/// or postgresql+psycopg://"),
        ("postgresql://user:fake-password@db.example.org/channels", "must start with"),
        ("postgres://user:fake-password@db.example.org/channels", "must start with"),
        ("mysql://user:fake-password@db.example.org/channels", "must start with"),
        ("sqlite://", "must start with"),
        ("sqlite:///", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("postgresql+psycopg://user:fake-p@ss:word@db.example.org/channels", ESCAPED),
        ("postgresql+psycopg://user:fake-password@db.example.org:port/channels", ESCAPED),
        ("postgresql+psycopg://user:fake-p@fake-ss/word@/channels?host=/run/postgresql", ESCAPED),
        ("postgresql+psycopg://user:fake-p@fake-ss@db.example.org/channels", ESCAPED),
        ("postgresql+psycopg://user:fake-p@fake?ss=word@db.example.org/channels", ESCAPED),
        ("postgresql+psycopg://user@example.org:fake-p@fake-ss@db.example.org/channels", ESCAPED),
        ("postgresql+psycopg://:fake-p@fake%ss@db.example.org/channels", ESCAPED),
        ("", "must start with"),
    ],
)
@pytest.mark.parametrize("option", ["--from", "--to"])
def test_a_url_that_names_no_database(terminal: Terminal, source: str, option: str, url: str, why: str) -> None:
    given = {"--from": source, "--to": "sqlite:///another.db"} | {option: url}

    ended = terminal.run("db", "move", *(word for pair in given.items() for word in pair))

    assert ended.exit_code == 2
    assert f"Invalid value for {option}: {why}" in re.sub(r"[\s│]+", " ", ended.stderr)
    assert "fake" not in ended.output
    assert "word@" not in ended.output


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://user:fake-password@127.0.0.1:9/channels",
        "postgresql+psycopg://user@127.0.0.1:9/channels?password=fake-password",
        "postgresql+psycopg://user@127.0.0.1:9/channels?sslpassword=fake-password",
    ],
)
@pytest.mark.parametrize("option", ["--from", "--to"])
def test_no_error_shows_a_password(terminal: Terminal, source: str, option: str, url: str) -> None:
    given = {"--from": source, "--to": "sqlite:///another.db"} | {option: url}

    ended = terminal.run("db", "move", *(word for pair in given.items() for word in pair))

    assert ended.exit_code == 1
    assert "127.0.0.1:9/channels" in ended.stderr
    assert "cannot be used: connection failed" in ended.stderr
    assert "fake" not in ended.output


@pytest.mark.parametrize(
    "password", ["fake-p@ss:word", "fake-p@ss/word", "fake-p@ss?w=ord", "fake@word", "fake/w@ord%"]
)
@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("db", "upgrade"), ("agents",), ("db", "reopen")])
def test_a_setting_that_is_no_url_shows_no_password(
    terminal: Terminal, password: str, command: tuple[str, ...]
) -> None:
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=f"postgresql+psycopg://user:{password}@db.example.org/channels")

    ended = terminal.run(*command)

    assert ended.exit_code == 1
    assert "TRINITY_CHANNELS_DATABASE_URL is not a URL; special characters" in ended.stderr
    assert not [part for part in ("fake", "word", "ord", "ss/", "ss:") if part in ended.output.replace("password", "")]


# --- sources ---


def test_a_source_that_is_not_there(terminal: Terminal) -> None:
    missing, target = terminal.folder / "missing.db", terminal.folder / "target.db"

    assert f"no database of a host at {missing}." in refused(terminal, f"sqlite:///{missing}", f"sqlite:///{target}")

    assert not missing.exists()
    assert not target.exists()


def test_a_source_without_tables(terminal: Terminal) -> None:
    bare = postgres.database("bare", template="template1")
    to = terminal.folder / "target.db"

    assert "no database of a host at postgresql" in refused(terminal, bare, f"sqlite:///{to}")

    assert not to.exists()


def test_a_file_of_another_application(terminal: Terminal, target: str) -> None:
    path = terminal.folder / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")
    before = path.read_bytes()

    assert "other.db holds nothing of a host" in refused(terminal, f"sqlite:///{path}", target)

    assert path.read_bytes() == before


def test_a_source_that_is_no_database(terminal: Terminal, target: str) -> None:
    (terminal.folder / "text.db").write_text("no database at all" * 100)

    why = refused(terminal, f"sqlite:///{terminal.folder}/text.db", target)

    assert "text.db cannot be used: file is not a database" in why


@pytest.mark.parametrize("kept", ["0002.sql", "0009.sql"])
def test_a_source_of_an_earlier_version_is_upgraded_first(terminal: Terminal, target: str, kept: str) -> None:
    path = terminal.folder / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((OLD / kept).read_text(encoding="utf-8"))
    before = as_kept(path)

    why = refused(terminal, f"sqlite:///{path}", target)

    assert "has the schema of an earlier version. Make a backup, run `trinity-channels db upgrade` with it" in why
    assert as_kept(path) == before
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=f"sqlite:///{path}")
    assert terminal.run("db", "upgrade").exit_code == 0
    assert terminal.run("db", "move", "--to", target).exit_code == 0
    assert content(target) == content(f"sqlite:///{path}")


def test_a_source_of_a_later_version(terminal: Terminal, source: str, target: str) -> None:
    changed(terminal.folder / "source.db", VERSION.format("0907"))

    assert "source.db has schema version 0907; trinity_channels" in refused(terminal, source, target)


@pytest.mark.parametrize("spelling", ["&application_name=other", "&connect_timeout=5&application_name="])
def test_a_source_that_is_the_target_by_another_url(terminal: Terminal, target: str, spelling: str) -> None:
    assert "the same database" in refused(terminal, target, f"{target}{spelling}")


def test_a_source_that_is_the_target(terminal: Terminal, source: str) -> None:
    other_name = terminal.folder / "link.db"
    other_name.symlink_to(terminal.folder / "source.db")

    for target in (source, f"sqlite:///{other_name}"):
        assert "the same database" in refused(terminal, source, target)
    assert opens(source)


def test_a_source_that_was_left(terminal: Terminal, source: str, target: str) -> None:
    assert terminal.run("db", "move", "--from", source, "--to", target).exit_code == 0

    for another in (target, f"sqlite:///{terminal.folder}/another.db"):
        assert "source.db was moved to postgresql" in refused(terminal, source, another)
    assert not (terminal.folder / "another.db").exists()


# --- what is in use ---


@pytest.mark.parametrize("which", ["source", "target"])
def test_a_served_file(terminal: Terminal, source: str, which: str) -> None:
    target = filled(terminal.folder / "target.db", 0)
    server = store_at({"source": source, "target": target}[which])
    server.open()

    assert f"{which}.db is in use: stop the host" in refused(terminal, source, target)


@pytest.mark.parametrize("which", ["source", "target"])
async def test_a_served_postgresql(terminal: Terminal, source: str, target: str, which: str) -> None:
    served = postgres.database("served")
    server = store_at(served)
    server.open()
    ends = {"source": (served, target), "target": (source, served)}[which]

    ended = await terminal.beside("db", "move", "--from", ends[0], "--to", ends[1])

    await server.close()
    assert ended.exit_code == 1
    assert "/served?" in ended.stderr
    assert "is in use: stop the host" in ended.stderr


# --- targets ---


def test_a_target_that_holds_data(terminal: Terminal, source: str, target: str) -> None:
    full = filled(terminal.folder / "full.db", 1)

    assert "full.db holds data already. A move needs an empty one" in refused(terminal, source, full)

    assert terminal.run("db", "move", "--from", full, "--to", target).exit_code == 0
    assert "holds data already. A move needs an empty one" in refused(terminal, source, target)
    assert content(target) == content(full)


@pytest.mark.parametrize("table", [table.name for table in tables()])
def test_a_target_with_one_row_in_any_table(terminal: Terminal, source: str, table: str) -> None:
    full = filled(terminal.folder / "full.db", 1)
    others = [one for one in reversed(content(full)) if one != table]
    changed(terminal.folder / "full.db", *map("DELETE FROM {}".format, others))

    assert "holds data already" in refused(terminal, source, full)


@pytest.mark.parametrize("version", ["0012", "0907"])
def test_a_target_of_another_version(terminal: Terminal, source: str, version: str) -> None:
    target = filled(terminal.folder / "target.db", 0)
    changed(terminal.folder / "target.db", VERSION.format(version))

    assert "target.db h" in refused(terminal, source, target)

    assert not any(content(target).values())
    assert opens(source)


def test_a_target_with_the_names_of_earlier_versions(terminal: Terminal, source: str) -> None:
    path = terminal.folder / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((OLD / "0002.sql").read_text(encoding="utf-8"))
    before = as_kept(path)

    assert "holds data of an earlier version" in refused(terminal, source, f"sqlite:///{path}")

    assert as_kept(path) == before


def test_a_target_that_was_itself_left(terminal: Terminal, source: str, target: str) -> None:
    left = filled(terminal.folder / "left.db", 1)
    assert terminal.run("db", "move", "--from", left, "--to", target).exit_code == 0

    assert "left.db was moved to" in refused(terminal, source, left)


def test_a_target_that_cannot_hold_every_text(terminal: Terminal, source: str) -> None:
    name = "of_latin1"
    postgres.administer(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    target = postgres.database("other").replace("/other?", f"/{name}?")

    why = refused(terminal, source, target)

    postgres.administer(f"DROP DATABASE {name} WITH (FORCE)")
    assert "keeps texts as LATIN1, which cannot hold all of them" in why


def test_a_database_of_another_application_may_be_the_target(terminal: Terminal, source: str, target: str) -> None:
    with psycopg.connect(postgres.plain(target)) as connection:
        connection.execute("CREATE TABLE orders (id BIGINT)")
        connection.execute("INSERT INTO orders VALUES (1)")

    assert terminal.run("db", "move", "--from", source, "--to", target).exit_code == 0

    with psycopg.connect(postgres.plain(target)) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (1,)


def test_a_target_that_cannot_be_made(terminal: Terminal, source: str) -> None:
    (terminal.folder / "file").write_text("not a folder")

    why = refused(terminal, source, f"sqlite:///{terminal.folder}/file/target.db")

    assert "file/target.db cannot be opened" in why
    assert opens(source)
