"""Every statement is one of PostgreSQL, and the tables hold and compare there what they do on SQLite."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import psycopg
import pytest
from sqlalchemy import Boolean, Integer
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from tests import postgres
from tests.statements import statements
from trinity_channels.store.tables.row import METADATA

STATEMENTS = statements()
DIALECT = cast("Any", PGDialect_psycopg)()


@pytest.fixture(scope="module")
def connection() -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres.plain(postgres.copy("of_statements")), autocommit=True) as opened:
        yield opened
    postgres.administer("DROP DATABASE of_statements")


def numbered(sql: str) -> str:
    """The statement with its parameters as PREPARE takes them."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}{found[2] or ''}"

    return re.sub(r"%\((\w+)\)s(::\w+)?", number, sql).replace("%%", "%")


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_every_statement_is_one_of_postgresql(connection: psycopg.Connection[Any], name: str) -> None:
    compiled = STATEMENTS[name].compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})

    connection.execute(f"PREPARE one AS {numbered(str(compiled))}".encode())
    connection.execute("DEALLOCATE one")


def test_indexes_hold_only_the_rows_that_they_are_for(connection: psycopg.Connection[Any]) -> None:
    partial = {
        one.name
        for table in METADATA.tables.values()
        for one in table.indexes
        if one.dialect_kwargs["sqlite_where"] is not None
    }
    found = connection.execute(
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '% WHERE %'"
    ).fetchall()

    assert partial
    assert {name for (name,) in found} == partial


def test_every_text_is_compared_by_its_code_points_whatever_the_language_of_the_database(
    connection: psycopg.Connection[Any],
) -> None:
    """The server of the tests knows no other order, so the catalogue is asked, of indexes too."""
    found = connection.execute(
        "SELECT c.relname, a.attname, l.collname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        "JOIN pg_collation l ON l.oid = a.attcollation "
        "WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE '%alembic_version%'"
    ).fetchall()
    texts = {
        (table.name, column.name)
        for table in METADATA.tables.values()
        for column in table.columns
        if not isinstance(column.type, Integer | Boolean)
    }

    assert {(table, column) for table, column, _ in found} >= texts
    assert [(table, column) for table, column, collation in found if collation != "C"] == []
