"""One transaction: what a unit of work reads and writes the database with."""

from __future__ import annotations

import operator
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import Connection, Executable
from sqlalchemy.sql import ClauseElement

from trinity_channels.store.news import Subject

T = TypeVar("T")
Values = Sequence[object] | Mapping[str, object]
"""Of the parameters: in their order for SQLite's driver, by name for PostgreSQL's."""


class Row(Protocol):
    """One row: each column under its name, or under the label that the statement gives it.

    It is a tuple, and declared without its positions on purpose: code that counts columns breaks when one is added.
    """

    def __getattr__(self, name: str, /) -> Any:
        """The value of a column, as the driver gives it."""


@dataclass(slots=True)
class Compiled:
    """A statement as the driver takes it; it keeps the statement, so that its id is never given to another.

    `picked` gives the values of its parameters, in their order, out of those by name. `row_type` is the named tuple of its
    rows, made when the first one is read.
    """

    statement: ClauseElement
    sql: str
    picked: Callable[[dict[str, object]], Values]
    literals: dict[str, object]
    row_type: type[tuple[Any, ...]] | None = None


class Tx:
    """One transaction. Statements are SQLAlchemy Core, compiled once and run by the driver itself.

    The driver's own execution is several times faster than SQLAlchemy's, and on the way in of a message that decides.

    Attributes:
        told: the subjects that were told, see `tell`. Only the store reads it.
    """

    def __init__(self, connection: Connection, compiled: dict[int, Compiled]) -> None:
        self._connection = connection
        self._driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
        self._compiled = compiled
        self._woken: dict[str, None] = {}
        self.told: dict[Subject, None] = {}

    def wake(self, key: str) -> None:
        """`turn:<conversation>` or `deliver:<conversation>` has work, once the transaction is committed.

        Without the commit nothing is woken; a key that several units of one commit name is woken once.
        """
        self._woken[key] = None

    def take_woken(self) -> list[str]:
        """The keys that were woken since the last call, in the order of their first wake. Only the store calls it."""
        woken = list(self._woken)
        self._woken.clear()
        return woken

    def tell(self, subject: Subject) -> None:
        """Every process hears that something has changed, this one before `write` returns.

        Without the commit no one hears of it.
        """
        self.told[subject] = None

    def take_told(self) -> list[Subject]:
        """The subjects that were told since the last call. Only the store calls it."""
        told = list(self.told)
        self.told.clear()
        return told

    def _known(self, statement: ClauseElement) -> Compiled:
        # By identity: only module-level statements come here, which stay, and SQLAlchemy's own cache costs
        # more than the statement.
        return self._compiled.get(id(statement)) or self._compile(statement)

    def _compile(self, statement: ClauseElement) -> Compiled:
        compiled = cast("Any", statement.compile(dialect=self._connection.dialect))
        literals = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        known = Compiled(statement, str(compiled), _picks(compiled.positiontup), literals)
        self._compiled[id(statement)] = known
        return known

    def _execute(self, known: Compiled, values: dict[str, object]) -> sqlite3.Cursor:
        if known.literals:
            # Constants in a statement, such as a limit, are bound values to SQLAlchemy.
            values = known.literals | values
        return self._driver.execute(known.sql, known.picked(values))

    def run(self, statement: ClauseElement, **values: object) -> int:
        """Execute a module-level statement; returns the number of rows it changed."""
        return self._execute(self._known(statement), values).rowcount

    def all(self, statement: ClauseElement, **values: object) -> list[Row]:
        """Every row of a module-level statement."""
        known = self._known(statement)
        cursor = self._execute(known, values)
        row_type = known.row_type or _name_columns(known, cursor)
        return cast("list[Row]", [_as_row(row_type, row) for row in cursor])

    def one(self, statement: ClauseElement, **values: object) -> Row | None:
        """The first row of a module-level statement, or None."""
        known = self._known(statement)
        cursor = self._execute(known, values)
        row = cursor.fetchone()
        if row is None:
            return None
        return cast("Row", _as_row(known.row_type or _name_columns(known, cursor), row))

    def scalars(self, statement: ClauseElement, kind: Callable[[Any], T], /, **values: object) -> list[T]:
        """The one column that a module-level statement gives, of every row, each made a `kind`."""
        return [kind(value) for (value,) in self._execute(self._known(statement), values)]

    def scalar(self, statement: ClauseElement, kind: Callable[[Any], T], /, **values: object) -> T | None:
        """The same of the first row; None if there is no row, or nothing in it."""
        row = self._execute(self._known(statement), values).fetchone()
        return None if row is None or row[0] is None else kind(row[0])

    def number(self, statement: ClauseElement, **values: object) -> int:
        """The one number a module-level statement gives: a count, or the id of an insert with RETURNING."""
        row = self._execute(self._known(statement), values).fetchone()
        assert row is not None  # noqa: S101  such a statement gives one row
        return int(row[0])

    def query(self, statement: Executable) -> Sequence[Row]:
        """Run a statement that was built for this call; for pages and lists, not for the way of a message."""
        result = self._connection.execute(statement)
        return cast("Sequence[Row]", result.fetchall()) if result.returns_rows else []


def _picks(names: list[str] | None) -> Callable[[dict[str, object]], Values]:
    if names is None:  # PostgreSQL's driver takes them by name
        return lambda values: values
    # In C, a third of the time of a comprehension; of one name it would give the value itself.
    return operator.itemgetter(*names) if len(names) > 1 else lambda values: [values[name] for name in names]


_as_row = tuple.__new__
"""A row of a named tuple from the driver's: half the time of `_make`, which checks the length that cannot differ here."""


def _name_columns(known: Compiled, cursor: sqlite3.Cursor) -> type[tuple[Any, ...]]:
    """The type of a statement's rows.

    Raises:
        ValueError: two columns have one name; give one of them a label.
    """
    names = [column[0] for column in cursor.description]
    known.row_type = row_type = namedtuple("Row", names)  # noqa: PYI024  the names are known at run time
    return row_type
