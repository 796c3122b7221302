"""What the databases word differently, so that a statement is written once and serves SQLite and PostgreSQL alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Integer,
    String,
    case,
    cast,
    literal_column,
    select,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.dialects.sqlite.dml import OnConflictDoNothing, OnConflictDoUpdate
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

__all__ = [
    "NO_LIMIT",
    "among",
    "greatest",
    "holding",
    "holds",
    "insert",
    "json_field",
    "position",
    "without_json_field",
]

POSTGRES = "postgresql"
NO_LIMIT = 2**63 - 1
"""As a limit, it takes no row away."""


@compiles(OnConflictDoNothing, POSTGRES)
@compiles(OnConflictDoUpdate, POSTGRES)
def _on_conflict(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    # Both databases word it alike; PostgreSQL's compiler asks for one thing more, which SQLite's clause does not know.
    element.constraint_target = None
    return str(getattr(compiler, f"visit_{element.__visit_name__}")(element, **options))


def _worded(kind: type[FunctionElement[Any]], sqlite: str, postgres: str) -> None:
    """Give a function its wording on both databases; its arguments are put in for `{0}` and `{1}`."""

    def wording(pattern: str) -> Callable[..., str]:
        def worded(element: FunctionElement[Any], compiler: SQLCompiler, **options: Any) -> str:
            return pattern.format(*(compiler.process(one, **options) for one in element.clauses))

        return worded

    compiles(kind)(wording(sqlite))
    compiles(kind, POSTGRES)(wording(postgres))


class _JsonValues(FunctionElement[str]):
    inherit_cache = True


_worded(_JsonValues, "json_each({0})", "jsonb_array_elements_text(CAST({0} AS JSONB)) AS value")


def among(column: ColumnElement[Any], values: BindParameter[Any]) -> ColumnElement[bool]:
    """Whether a column has one of the values of a parameter, a JSON array: any number of them in one statement."""
    value: ColumnElement[Any] = literal_column("value")
    if isinstance(column.type, Integer):
        value = cast(value, BigInteger)
    return column.in_(select(value).select_from(_JsonValues(values)))


class position(FunctionElement[int]):  # noqa: N801  written like a function of the database
    """Where in a text another one begins, counted from 1; 0 if it does not stand there."""

    inherit_cache = True


_worded(position, "instr({0}, {1})", "strpos({0}, {1})")


class holds(FunctionElement[bool]):  # noqa: N801  written like a function of the database
    """Whether a text holds another one, of which `holding` has made a pattern, in whatever case its ASCII letters are."""

    type = Boolean()
    inherit_cache = True


# In lower case first, as SQLAlchemy would have it, SQLite would take twice the time.
_worded(holds, "({0} LIKE {1} ESCAPE '!')", "({0} ILIKE {1} ESCAPE '!')")


def holding(text: str) -> str:
    """The pattern for `holds`."""
    literally = re.sub("[!%_]", r"!\g<0>", text)
    return f"%{literally}%"


class _JsonField(FunctionElement[str]):
    type = String()
    inherit_cache = True


_worded(_JsonField, "CAST(json_extract({0}, '$.' || {1}) AS TEXT)", "(CAST({0} AS JSONB) ->> {1})")


class _WithoutJsonField(FunctionElement[str]):
    type = String()
    inherit_cache = True


_worded(
    _WithoutJsonField,
    "json_set({0}, '$.' || {1}, NULL)",
    "CAST(jsonb_set(CAST({0} AS JSONB), ARRAY[{1}], 'null') AS TEXT)",
)


def json_field(column: ColumnElement[str], name: str) -> ColumnElement[str]:
    """A field of the JSON object that a column holds, as text; null if there is none."""
    return _JsonField(column, literal_column(f"'{name}'"))


def without_json_field(column: ColumnElement[str], name: str) -> ColumnElement[str]:
    """The JSON object that a column holds, with null in one of its fields."""
    return _WithoutJsonField(column, literal_column(f"'{name}'"))


def greatest(one: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    """The greater of two numbers."""
    return case((one > other, one), else_=other)
