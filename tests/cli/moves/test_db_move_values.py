"""What SQLite's file holds and PostgreSQL does not: it is moved without that, or refused with where it stands."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import LargeBinary
from sqlalchemy.sql import visitors

from tests.cli.conftest import Terminal
from tests.moving import APART, content, opens
from tests.statements import statements
from trinity_channels.store.move import rows
from trinity_channels.store.statements import _JsonField, _WithoutJsonField

pytestmark = [pytest.mark.sqlite("the commands name their databases"), pytest.mark.postgres]

CONTACT, AUDIT = "trinity_channels_contact", "trinity_channels_audit"


def put(terminal: Terminal, column: str, value: Any) -> None:
    """Put a value into the first row of a table, as `table.column`."""
    table, _, name = column.partition(".")
    with closing(sqlite3.connect(terminal.folder / "source.db")) as connection, connection:
        connection.execute(f"UPDATE {table} SET {name} = ? WHERE id = {APART}", (value,))  # noqa: S608  our own names


def stands(url: str, column: str) -> Any:
    table, _, name = column.partition(".")
    place = [one.name for one in next(one for one in rows.tables() if one.name == table).columns].index(name)
    return content(url)[table][0][place]


@pytest.mark.parametrize(
    ("column", "kept", "becomes"),
    [
        (f"{CONTACT}.name", "a\0b", "ab"),
        (f"{CONTACT}.name", "\0", ""),
        (f"{CONTACT}.name", "\0Grüße 👩🏽‍🚀", "Grüße 👩🏽‍🚀"),
        ("trinity_channels_binding.secrets", "v1.\0", "v1."),
        (f"{AUDIT}.details", '{"email": "a\\u0000b"}', '{"email": "ab"}'),
        (f"{AUDIT}.details", '{"a\\u0000": [1, "\\ud83d"]}', '{"a": [1, "?"]}'),
        (f"{AUDIT}.details", '{"a": "\\uD83D."}', '{"a": "?."}'),
        (f"{AUDIT}.details", "{\0}", "{}"),
    ],
)
def test_what_postgresql_cannot_hold_is_left_out(
    terminal: Terminal, source: str, target: str, column: str, kept: str, becomes: str
) -> None:
    put(terminal, column, kept)

    ended = terminal.run("db", "move", "--from", source, "--to", target)

    assert ended.exit_code == 0, ended.output
    assert "1 of them had texts with NUL" in ended.stdout
    assert stands(target, column) == becomes


@pytest.mark.parametrize(
    ("column", "kept"),
    [
        (f"{CONTACT}.name", "\\u0000 as people write it"),
        (f"{CONTACT}.name", "\ufffe\uffff\u2028\x01\x1b\x7f"),
        (f"{AUDIT}.details", '{"emoji":"\\ud83d\\ude00","of": "json_set"}'),
        (f"{AUDIT}.details", '{"a": "\\\\ud83d"}'),
        (f"{AUDIT}.details", "\\ud83d in no JSON"),
        ("trinity_channels_binding.facts", '{"a": "\\u0000"}'),  # a text to PostgreSQL, which does not look into it
        (f"{CONTACT}.created_at", -(2**63)),
        (f"{CONTACT}.created_at", 2**63 - 1),
    ],
)
def test_everything_else_is_the_same(terminal: Terminal, source: str, target: str, column: str, kept: Any) -> None:
    put(terminal, column, kept)

    ended = terminal.run("db", "move", "--from", source, "--to", target)

    assert ended.exit_code == 0, ended.output
    assert "of them had" not in ended.output
    assert stands(target, column) == kept


@pytest.mark.parametrize(
    ("column", "kept", "why"),
    [
        (f"{CONTACT}.created_at", "yesterday", f"{CONTACT}.created_at of id {APART} holds text where a number belongs"),
        (f"{CONTACT}.created_at", 1.5, f"{CONTACT}.created_at of id {APART} holds a fraction where a number belongs"),
        (
            f"{CONTACT}.created_at",
            2.0**70,
            f"{CONTACT}.created_at of id {APART} holds a fraction where a number belongs",
        ),
        (f"{CONTACT}.name", b"bytes", f"{CONTACT}.name of id {APART} holds bytes where text belongs"),
        (f"{CONTACT}.email", b"\xff", f"{CONTACT}.email of id {APART} holds bytes where text belongs"),
        ("trinity_channels_message.stranger_id", "no id", "holds text where a number belongs"),
    ],
)
def test_what_is_of_another_kind_is_refused(
    terminal: Terminal, source: str, target: str, column: str, kept: Any, why: str
) -> None:
    put(terminal, column, kept)

    ended = terminal.run("db", "move", "--from", source, "--to", target)

    assert ended.exit_code == 1
    assert why in re.sub(r"\s+", " ", ended.stderr)
    assert "Correct or remove that row" in ended.stderr
    assert opens(source)


def test_what_is_no_text_is_refused_and_not_shown(terminal: Terminal, source: str, target: str) -> None:
    with closing(sqlite3.connect(terminal.folder / "source.db")) as connection, connection:
        connection.execute("UPDATE trinity_channels_contact SET name = CAST(X'5A6F65FF' AS TEXT)")

    ended = terminal.run("db", "move", "--from", source, "--to", target)

    assert ended.exit_code == 1
    assert "source.db cannot be used: Could not decode to UTF-8 column 'name'" in ended.stderr
    assert "Zoe" not in ended.output


def test_rows_that_are_the_same_without_nul_are_refused(terminal: Terminal, source: str, target: str) -> None:
    with closing(sqlite3.connect(terminal.folder / "source.db")) as connection, connection:
        connection.execute("INSERT INTO trinity_channels_setting VALUES ('twice', 'a'), ('twice' || char(0), 'b')")

    ended = terminal.run("db", "move", "--from", source, "--to", target)

    assert ended.exit_code == 1
    assert "refuses a row: duplicate key value" in ended.stderr
    assert "(name)=(twice) already exists" in ended.stderr


def test_a_row_without_what_it_belongs_to_is_refused(terminal: Terminal, source: str, target: str) -> None:
    with closing(sqlite3.connect(terminal.folder / "source.db")) as connection, connection:
        connection.execute(f"DELETE FROM {CONTACT} WHERE id = {APART}")  # noqa: S608  our own names

    ended = terminal.run("db", "move", "--from", source, "--to", target)

    assert ended.exit_code == 1
    assert re.search(r"refuses a row: .* violates foreign key", ended.stderr)
    assert f"(contact_id)=({APART}) is not present" in ended.stderr


def test_a_kind_of_column_that_is_new_cannot_be_forgotten() -> None:
    with pytest.raises(TypeError, match="does not know columns of LargeBinary"):
        rows.kind_of(LargeBinary())


def test_every_text_that_postgresql_reads_as_json_is_known() -> None:
    fields = [
        element
        for statement in statements().values()
        for element in visitors.iterate(statement)
        if isinstance(element, (_JsonField, _WithoutJsonField))
    ]

    assert {column for field in fields for column in field.clauses if getattr(column, "table", None) is not None} == (
        rows.JSON_COLUMNS
    )
