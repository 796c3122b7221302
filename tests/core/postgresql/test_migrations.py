"""Migrations on PostgreSQL: an upgraded database has the schema that a new one is made with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from tests import postgres
from trinity_channels.store import migrate

FIRST = Path(__file__).parents[2] / "databases" / "postgres-0011.sql"
"""What the first version that knew PostgreSQL would have made: the tables as they were with revision 0011."""
COLUMNS = """SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default, character_maximum_length
FROM information_schema.columns WHERE table_name LIKE 'trinity_channels_%' ORDER BY 1, 2"""
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
CONSTRAINTS = """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"""

LATER = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "9999", "{newest}"


def upgrade() -> None:
    op.add_column("trinity_channels_setting", sa.Column("number", sa.Integer(), nullable=True))
    op.add_column("trinity_channels_setting", sa.Column("words", sa.String(), nullable=True))
    op.create_index(
        "trinity_channels_setting_words", "trinity_channels_setting", ["words"], sqlite_where=sa.text("number > 5")
    )
    op.create_table("others", sa.Column("number", sa.Integer()), sa.Column("words", sa.String()))
"""


@pytest.fixture(autouse=True)
def dropped() -> Iterator[None]:
    yield
    postgres.drop()


def shape(url: str) -> list[tuple[Any, ...]]:
    """All columns, indexes and constraints of a database."""
    with psycopg.connect(postgres.plain(url)) as connection:
        return [row for query in (COLUMNS, INDEXES, CONSTRAINTS) for row in connection.execute(query.encode())]


def upgraded(url: str) -> str:
    """The version that a database has after it was opened."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        migrate.bring_up(connection)
        stands = str(connection.exec_driver_sql(f"SELECT version_num FROM {migrate.VERSION_TABLE}").scalar())  # noqa: S608
    engine.dispose()
    return stands


def test_a_database_of_the_first_version_becomes_what_a_new_one_is() -> None:
    old = postgres.database("of_0011", template="template1")
    with psycopg.connect(postgres.plain(old)) as connection:
        connection.execute(FIRST.read_bytes())

    assert upgraded(old) == migrate.newest()
    assert shape(old) == shape(postgres.database("of_today"))


def test_what_a_migration_adds_is_fitted_and_tables_of_others_are_not(tmp_path: Path) -> None:
    scripts = shutil.copytree(migrate.SCRIPTS, tmp_path / "scripts")
    (scripts / "versions" / "9999_later.py").write_text(LATER.format(newest=migrate.newest()), encoding="utf-8")
    url = postgres.database("of_later")
    config = Config()
    config.set_main_option("script_location", str(scripts))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        columns = connection.exec_driver_sql(
            "SELECT table_name, column_name, data_type, collation_name FROM information_schema.columns "
            "WHERE column_name IN ('number', 'words') ORDER BY 1, 2"
        ).all()
        index = connection.exec_driver_sql(
            "SELECT indexdef FROM pg_indexes WHERE indexname = 'trinity_channels_setting_words'"
        ).scalar()
    engine.dispose()

    assert [tuple(one) for one in columns] == [
        ("others", "number", "integer", None),
        ("others", "words", "character varying", None),
        ("trinity_channels_setting", "number", "bigint", None),
        ("trinity_channels_setting", "words", "character varying", "C"),
    ]
    assert str(index).endswith("(words) WHERE (number > 5)")
