"""`db move`: everything is in another database then, and nothing that was there is anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests import postgres
from tests.cli.conftest import Terminal
from tests.moving import APART, ROWS, as_kept, content, filled
from trinity_channels.store.move.rows import LEFT_OUT, tables
from trinity_channels.store.tables.row import METADATA

pytestmark = pytest.mark.sqlite("the commands name their databases")

TAKE = """INSERT INTO trinity_channels_audit (at, actor, action, agent, channel, details) VALUES (1, '', '', '', '', '{}')
RETURNING id"""


@pytest.fixture(autouse=True)
def dropped() -> Iterator[None]:
    yield
    postgres.drop()


@pytest.fixture
def source(tmp_path: Path) -> str:
    return filled(tmp_path / "source.db")


@pytest.fixture
def target() -> str:
    """A PostgreSQL database without tables."""
    return postgres.database("target", template="template1")


def test_every_table_is_moved_to_postgresql_and_back(terminal: Terminal, source: str, target: str) -> None:
    before, returned = content(source), terminal.folder / "returned.db"

    there = terminal.run("db", "move", "--from", source, "--to", target)
    assert there.exit_code == 0, there.output
    assert content(target) == before
    back = terminal.run("db", "move", "--from", target, "--to", f"sqlite:///{returned}")

    assert back.exit_code == 0, back.output
    assert content(f"sqlite:///{returned}") == before
    assert f"Moved {ROWS * len(tables())} rows to {returned}." in back.output
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=source)
    assert terminal.run("db", "reopen").exit_code == 0
    assert as_kept(returned) == as_kept(terminal.folder / "source.db")


def test_no_table_can_be_forgotten(source: str) -> None:
    moved = {table.name for table in tables()}

    assert moved | LEFT_OUT == set(METADATA.tables)
    assert set(content(source)) == moved
    assert all(len(rows) == ROWS for rows in content(source).values())


def test_everything_is_moved_from_one_postgresql_to_another(terminal: Terminal, source: str, target: str) -> None:
    before, other = content(source), postgres.database("other", template="template1")
    assert terminal.run("db", "move", "--from", source, "--to", target).exit_code == 0

    assert terminal.run("db", "move", "--from", target, "--to", other).exit_code == 0

    assert content(other) == before


def test_new_rows_get_numbers_that_none_had(terminal: Terminal, source: str, target: str) -> None:
    assert terminal.run("db", "move", "--from", source, "--to", target).exit_code == 0
    other = postgres.database("other", template="template1")
    with psycopg.connect(postgres.plain(target)) as connection:
        first = connection.execute(TAKE).fetchone()
        connection.execute("DELETE FROM trinity_channels_audit WHERE id > %s", [ROWS * APART])
    assert terminal.run("db", "move", "--from", target, "--to", other).exit_code == 0

    with psycopg.connect(postgres.plain(other)) as connection:
        second = connection.execute(TAKE).fetchone()

    assert (first, second) == ((ROWS * APART + 1,), (ROWS * APART + 2,))
