"""What changes, or is not as it should be, while everything is moved, and between two attempts."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Table

from tests import postgres
from tests.cli.conftest import Terminal
from tests.moving import APART, content, filled, opens
from trinity_channels.store.move import ends, rows

pytestmark = pytest.mark.sqlite("the commands name their databases")

ROWS = 6
SHARE = """INSERT INTO trinity_channels_share (id, agent, email, allow_proactive, created_by, created_at)
VALUES ({id}, 'support', '{id}@example.org', false, 'admin', 1)"""


SHOUTS = """CREATE FUNCTION shouts() RETURNS trigger LANGUAGE plpgsql
AS 'BEGIN NEW.name = upper(NEW.name); RETURN NEW; END';
CREATE TRIGGER shouts BEFORE INSERT ON trinity_channels_contact FOR EACH ROW EXECUTE FUNCTION shouts()"""
ENDED = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'target'"


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def dropped() -> Iterator[None]:
    yield
    postgres.drop()


@pytest.fixture(autouse=True)
def short_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_ROWS", 4)


@pytest.fixture
def source(tmp_path: Path) -> str:
    return filled(tmp_path / "source.db", ROWS)


@pytest.fixture
def target() -> str:
    return postgres.database("target")


@pytest.fixture
def halfway(terminal: Terminal, source: str, target: str) -> str:
    """A target that holds a part: the move was ended when it came to the messages."""
    with pytest.MonkeyPatch.context() as patched:
        during(patched, killed)
        with pytest.raises(Killed):
            move(terminal, source, target)
    return target


def killed() -> None:
    raise Killed


def during(patched: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen when the messages are written."""
    put = ends.PostgresEnd.put

    def interrupted(self: ends.PostgresEnd, table: Table, values: list[tuple[Any, ...]]) -> None:
        if table.name == "trinity_channels_message":
            happens()
        put(self, table, values)

    patched.setattr(ends.PostgresEnd, "put", interrupted)


def move(terminal: Terminal, source: str, target: str) -> tuple[int, str]:
    """The exit code of the command, and what it says."""
    ended = terminal.run("db", "move", "--from", source, "--to", target)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended.exit_code, re.sub(r"\s+", " ", ended.output)


def changed(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def in_postgres(url: str, statement: str) -> None:
    with psycopg.connect(postgres.plain(url)) as connection:
        connection.execute(statement.encode())


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["failed"], ["audit"], ["db", "upgrade"]])
def test_no_command_opens_a_target_that_holds_a_part(terminal: Terminal, halfway: str, command: list[str]) -> None:
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=halfway)

    ended = terminal.run(*command)

    assert ended.exit_code == 1
    assert "source.db: a move to it has not ended. Run the same `trinity-channels db move` again" in ended.stderr


def test_no_other_source_goes_on_with_it(terminal: Terminal, halfway: str) -> None:
    other = filled(terminal.folder / "other.db", 1)

    code, said = move(terminal, other, halfway)

    assert code == 1
    assert f"holds a part of {terminal.folder}/source.db: a move to it has not ended" in said
    assert opens(other)


def test_it_is_no_source(terminal: Terminal, halfway: str) -> None:
    code, said = move(terminal, halfway, f"sqlite:///{terminal.folder}/other.db")

    assert code == 1
    assert "a move to it has not ended" in said
    assert not (terminal.folder / "other.db").exists()


@pytest.mark.parametrize(
    ("statement", "again"),
    [
        ("UPDATE trinity_channels_binding SET display_name = 'changed' WHERE id = 7", True),
        ("UPDATE trinity_channels_binding SET sandbox = NOT sandbox WHERE id = 14", True),
        ("UPDATE trinity_channels_share SET id = 1 WHERE id = 7", True),
        ("DELETE FROM trinity_channels_audit WHERE id = 7", True),
        ("DELETE FROM trinity_channels_setting", True),
        (SHARE.format(id=1), True),
        (SHARE.format(id=APART * ROWS + 1), False),  # goes where the copy ended
        ("UPDATE trinity_channels_delivery SET text = 'changed'", False),  # was not copied yet
        ("UPDATE trinity_channels_message SET text = 'changed'", False),
    ],
)
def test_a_source_that_changes_between_two_attempts(
    terminal: Terminal, source: str, halfway: str, statement: str, again: bool
) -> None:
    changed(terminal.folder / "source.db", statement)
    now = content(source)

    code, said = move(terminal, source, halfway)

    assert code == 0, said
    assert ("The source has changed since: everything is copied again." in said) == again
    assert content(halfway) == now


def test_a_source_that_was_upgraded_between_two_attempts(terminal: Terminal, source: str, halfway: str) -> None:
    in_postgres(halfway, "UPDATE trinity_channels_move SET value = '0012' WHERE name = 'revision'")

    code, said = move(terminal, source, halfway)

    assert code == 1
    assert "was begun by another version of the program" in said
    assert opens(source)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trinity_channels_binding SET display_name = 'changed' WHERE id = 7",
        "UPDATE trinity_channels_binding SET sandbox = NOT sandbox WHERE id = 7",
        "DELETE FROM trinity_channels_audit WHERE id = 7",
        SHARE.format(id=1),
        "TRUNCATE trinity_channels_setting",
    ],
)
def test_a_target_that_was_changed_is_noticed(terminal: Terminal, source: str, halfway: str, statement: str) -> None:
    in_postgres(halfway, statement)

    code, said = move(terminal, source, halfway)

    assert code == 1
    assert re.search(r"The table trinity_channels_\w+ of postgresql\S+ does not hold what was written", said)
    assert (opens(source), opens(halfway)) == (True, False)


def test_what_a_target_makes_of_rows_is_noticed(terminal: Terminal, source: str) -> None:
    target = postgres.database("made")
    in_postgres(
        target,
        "CREATE FUNCTION upper() RETURNS trigger AS 'BEGIN NEW.name = upper(NEW.name); RETURN NEW; END' LANGUAGE plpgsql",
    )
    in_postgres(
        target, "CREATE TRIGGER up BEFORE INSERT ON trinity_channels_contact FOR EACH ROW EXECUTE FUNCTION upper()"
    )

    code, said = move(terminal, source, target)

    assert code == 1
    assert "The table trinity_channels_contact of postgresql" in said
    assert opens(source)


def test_a_command_that_writes_to_the_source_meanwhile_is_kept_waiting(
    terminal: Terminal, source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, refusals = content(source), []

    def written() -> None:
        with (
            pytest.raises(sqlite3.OperationalError, match="locked") as refused,
            closing(sqlite3.connect(terminal.folder / "source.db", timeout=0)) as other,
        ):
            other.execute("DELETE FROM trinity_channels_audit")
        refusals.append(refused)

    during(monkeypatch, written)

    assert move(terminal, source, target)[0] == 0
    assert refusals
    assert content(target) == before


def test_a_command_that_writes_to_a_postgresql_source_meanwhile_is_kept_waiting(
    terminal: Terminal, source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, other, refusals = content(source), postgres.database("other"), []
    assert move(terminal, source, target)[0] == 0

    def written() -> None:
        with pytest.raises(psycopg.errors.LockNotAvailable) as refused:
            in_postgres(target, "SET lock_timeout = '1ms'; DELETE FROM trinity_channels_audit")
        refusals.append(refused)

    during(monkeypatch, written)

    assert move(terminal, target, other)[0] == 0
    assert refusals
    assert content(other) == before


def test_who_writes_to_the_source_at_first_is_not_waited_for_long(
    terminal: Terminal, source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ends, "PATIENCE", 0.05)
    with closing(sqlite3.connect(terminal.folder / "source.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        code, said = move(terminal, source, target)

    assert code == 1
    assert "source.db cannot be used: another program keeps it locked; try again when that has ended" in said


def test_a_connection_that_breaks(terminal: Terminal, source: str, target: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        during(
            patched,
            lambda: postgres.administer(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'target'"
            ),
        )
        code, said = move(terminal, source, target)

    assert code == 1
    assert re.search(r"The database postgresql\S+ cannot be used: .*terminat", said)
    assert (opens(source), opens(target)) == (True, False)
    assert move(terminal, source, target)[0] == 0
    assert content(target) == content(source)


def test_interrupted_from_the_keyboard(terminal: Terminal, source: str, target: str) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        during(patched, interrupted)
        code, said = move(terminal, source, target)

    assert code == 130
    assert "The same command goes on where this one was." in said
    assert move(terminal, source, target)[0] == 0


def test_two_moves_at_once(terminal: Terminal, source: str, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    beside: list[str] = []
    other = filled(terminal.folder / "other.db", 1)

    def again() -> None:
        if not beside:
            for one, to in ((source, target), (source, postgres.database("third")), (other, target)):
                beside.append(terminal.run("db", "move", "--from", one, "--to", to).stderr)

    during(monkeypatch, again)

    assert move(terminal, source, target)[0] == 0
    assert [("source.db" in one, "is in use: stop the host" in one) for one in beside] == [
        (True, True),
        (True, True),
        (False, True),
    ]
