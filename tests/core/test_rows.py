"""Rows are read by the names of their columns, so each column of a statement needs a name of its own."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, Label, Select, literal_column, select

from tests.database import found
from tests.statements import statements
from trinity_channels import store as store_package
from trinity_channels.store.sqlite import SqliteStore
from trinity_channels.store.tables.row import METADATA

SELECTS = {name: one for name, one in statements().items() if isinstance(one, Select)}
SEVERAL = {name: one for name, one in SELECTS.items() if len(one.selected_columns) > 1}
ONE, TWO = literal_column("1", Integer), literal_column("2", Integer)
PAIR = select(ONE.label("first"), TWO.label("second"))
NO_PAIR = PAIR.where(ONE == TWO)
TWINS = select(ONE.label("same"), TWO.label("same"))
SINGLE = select(ONE.label("single"))
EMPTY = select(literal_column("NULL", Integer).label("empty"))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(f"sqlite:///{found(tmp_path)}")
    made.open()
    yield made
    await made.close()


MODULES = sorted(Path(store_package.__file__).parent.glob("*.py"))
LABEL = re.compile(r"\.label\(\s*\"(\w+)\"")


def read_of_rows(source: str) -> set[str]:
    """The columns that a module reads of what it calls a row. Names with an underscore are methods of every row."""
    return {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "row"
        if not node.attr.startswith("_")
    }


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_column_that_is_read_has_that_name_in_a_table_or_a_statement(module: Path) -> None:
    """The type checker knows no names of columns."""
    source = module.read_text(encoding="utf-8")
    known = {column.name for table in METADATA.tables.values() for column in table.columns}

    assert read_of_rows(source) - known - set(LABEL.findall(source)) == set()


@pytest.mark.parametrize("name", SEVERAL)
def test_each_column_has_a_name_that_no_other_has(name: str) -> None:
    columns = list(SEVERAL[name].selected_columns)

    assert [str(column) for column in columns if not isinstance(column, Column | Label)] == []
    assert [one for one, times in Counter(column.name for column in columns).items() if times > 1] == []


async def test_a_row_has_its_columns_under_their_names(store: SqliteStore) -> None:
    one, every, none = await store.read(lambda tx: (tx.one(PAIR), tx.all(PAIR), tx.one(NO_PAIR)))

    assert one is not None
    assert (one.first, one.second) == (1, 2)
    assert [row.second for row in every] == [2]
    assert none is None


async def test_one_column_is_read_as_what_it_is(store: SqliteStore) -> None:
    one, empty, none, every = await store.read(
        lambda tx: (tx.scalar(SINGLE, str), tx.scalar(EMPTY, str), tx.scalar(NO_PAIR, str), tx.scalars(SINGLE, float))
    )

    assert (one, empty, none, every) == ("1", None, None, [1.0])


async def test_two_columns_of_one_name_are_refused(store: SqliteStore) -> None:
    with pytest.raises(ValueError, match="duplicate field name"):
        await store.read(lambda tx: tx.one(TWINS))
