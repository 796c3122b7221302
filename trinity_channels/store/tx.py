"""One transaction: what a unit of work reads and writes the database with."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Executable
from sqlalchemy.sql import ClauseElement

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as the driver takes it; it keeps the statement, so that its id is never given to another."""

    statement: ClauseElement
    sql: str
    names: list[str]
    literals: dict[str, object]


class Tx:
    """One transaction. Statements are SQLAlchemy Core, compiled once and run by the driver itself.

    The driver's own execution is several times faster than SQLAlchemy's, and on the way in of a message that decides.
    """

    def __init__(self, connection: Connection, compiled: dict[int, Compiled]) -> None:
        self._connection = connection
        self._driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
        self._compiled = compiled
        self._woken: dict[str, None] = {}

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

    def _run(self, statement: ClauseElement, values: dict[str, object]) -> sqlite3.Cursor:
        known = self._compiled.get(id(statement)) or self._compile(statement)
        if known.literals:
            values = known.literals | values
        return self._driver.execute(known.sql, [values[name] for name in known.names])

    def _compile(self, statement: ClauseElement) -> Compiled:
        compiled = cast("Any", statement.compile(dialect=self._connection.dialect))
        literals = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        known = Compiled(statement, str(compiled), compiled.positiontup or [], literals)
        self._compiled[id(statement)] = known
        return known

    def run(self, statement: ClauseElement, **values: object) -> int:
        """Execute a module-level statement; returns the number of rows it changed."""
        return self._run(statement, values).rowcount

    def all(self, statement: ClauseElement, **values: object) -> list[Row]:
        """Every row of a module-level statement."""
        return self._run(statement, values).fetchall()

    def one(self, statement: ClauseElement, **values: object) -> Row | None:
        """The first row of a module-level statement, or None."""
        return cast("Row | None", self._run(statement, values).fetchone())

    def number(self, statement: ClauseElement, **values: object) -> int:
        """The one number a module-level statement gives: a count, or the id of an insert with RETURNING."""
        row = self._run(statement, values).fetchone()
        assert row is not None  # noqa: S101  such a statement gives one row
        return int(row[0])

    def query(self, statement: Executable) -> Sequence[Row]:
        """Run a statement that was built for this call; for pages and lists, not for the way of a message."""
        result = self._connection.execute(statement)
        return cast("Sequence[Row]", result.fetchall()) if result.returns_rows else []
