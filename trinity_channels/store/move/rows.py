"""The rows that a move takes along: in an order of their own, as values that are the same in every database, and counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from sqlalchemy import Boolean, Integer, Select, String, Table, select, tuple_
from sqlalchemy.types import TypeEngine
from sqlmodel import AutoString

from trinity_channels.store.failures import StoreError
from trinity_channels.store.move.ends import End, Values
from trinity_channels.store.storable import storable, storable_json
from trinity_channels.store.tables import AUDIT, WAKE
from trinity_channels.store.tables.row import METADATA

LEFT_OUT = frozenset({WAKE.name})
"""What belongs to the processes of one database: open work is found at the next start."""
JSON_COLUMNS = {AUDIT.c.details}
"""Texts into which PostgreSQL looks as JSON: it refuses some of what they may hold on SQLite."""
_FETCHED = 250
"""Rows that are fetched at once."""
_ROWS = 5_000
_CHARACTERS = 2_000_000
"""Of a batch, at most, but for its last row."""
_BITS = 128
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def tables() -> list[Table]:
    """Everything that is moved; a table comes after those that its rows refer to."""
    return [table for table in METADATA.sorted_tables if table.name not in LEFT_OUT]


@dataclass(slots=True)
class Tally:
    """What was seen of a table: how many rows, a checksum that does not depend on their order, and the last one's key.

    `changed` counts the rows with a text that not every database can hold.
    """

    rows: int = 0
    checksum: int = 0
    after: list[Any] = field(default_factory=list)
    changed: int = 0

    @property
    def found(self) -> tuple[int, int]:
        """What is the same for the same rows."""
        return self.rows, self.checksum

    def add(self, row: str) -> None:
        """Count a row, given as text."""
        digest = int.from_bytes(blake2b(row.encode(), digest_size=_BITS // 8).digest(), "big")
        self.checksum = (self.checksum + digest) % 2**_BITS
        self.rows += 1

    def dump(self) -> str:
        """As the notes of a move hold it."""
        return json.dumps([self.rows, f"{self.checksum:x}", self.after, self.changed])

    @classmethod
    def load(cls, text: str) -> Tally:
        """The opposite of `dump`."""
        rows, checksum, after, changed = json.loads(text)
        return cls(rows, int(checksum, 16), after, changed)


class Rows:
    """The rows of one table, in the order of their keys."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._columns = list(table.columns)
        self._kinds = [kind_of(column.type) for column in self._columns]
        self._fine: set[tuple[type, ...]] = set()
        self._json = [column in JSON_COLUMNS for column in self._columns]
        self._key = [self._columns.index(column) for column in table.primary_key]

    def batches(self, end: End, tally: Tally) -> Iterator[list[Values]]:
        """Those behind the tally, which counts along: with each batch it stands at its end.

        Raises:
            StoreError: a row holds something else than its columns say.
        """
        batch: list[Values] = []
        characters = 0
        for row in self._found(end, self._behind(tally.after)):
            values, text, changed = self._read(row)
            tally.add(text)
            tally.changed += changed
            tally.after = [row[place] for place in self._key]
            batch.append(values)
            characters += len(text)
            if len(batch) >= _ROWS or characters >= _CHARACTERS:
                yield batch
                batch, characters = [], 0
        if batch:
            yield batch

    def counted(self, end: End, upto: list[Any] | None = None) -> Tally:
        """Those of the database, all of them or up to a key.

        Raises:
            StoreError: a row holds something else than its columns say.
        """
        tally = Tally()
        for row in self._found(end, self._ordered() if upto is None else self._upto(upto)):
            tally.add(self._read(row)[1])
        return tally

    @staticmethod
    def _found(end: End, query: Select[Any]) -> Iterator[Values]:
        # PostgreSQL's driver would otherwise read all of them at once.
        streamed = {"stream_results": True, "yield_per": _FETCHED}
        with end.blamed():
            for row in end.connection.execute(query, execution_options=streamed):
                yield tuple(row)

    def _ordered(self) -> Select[Any]:
        return select(self.table).order_by(*self.table.primary_key)

    def _behind(self, key: list[Any]) -> Select[Any]:
        return self._ordered().where(tuple_(*self.table.primary_key) > tuple_(*key)) if key else self._ordered()

    def _upto(self, key: list[Any]) -> Select[Any]:
        return self._ordered().where(tuple_(*self.table.primary_key) <= tuple_(*key))

    def _read(self, row: Values) -> tuple[Values, str, bool]:
        """The values to write, the text that the checksum is made of, and whether a value is another one than was read."""
        kinds = tuple(map(type, row))
        if kinds not in self._fine:
            self._check(row)
            self._fine.add(kinds)
        text = _encode(row)
        # Also where the text of a row looks so by itself; such rows are rare, and only looked at.
        if "\\u0000" in text or (any(self._json) and "\\ud" in text.lower()):
            fitting = tuple(map(_storable, row, self._json))
            if fitting != row:
                return fitting, _encode(fitting), True
        return row, text, False

    def _check(self, row: Values) -> None:
        for column, kind, value in zip(self._columns, self._kinds, row, strict=True):
            if not column.nullable if value is None else type(value) is not kind:
                where = ", ".join(f"{self._columns[place].name} {row[place]!r}" for place in self._key)
                raise StoreError(
                    f"{self.table.name}.{column.name} of {where} holds {_said(type(value))} where {_said(kind)} belongs. "
                    "Correct or remove that row, and run the same command again."
                )


def kind_of(given: TypeEngine[Any]) -> type:
    """What Python makes of a column.

    Raises:
        TypeError: nothing here says how it is the same in every database.
    """
    if isinstance(given, Boolean):
        return bool
    if isinstance(given, Integer):
        return int
    # SQLModel's own is not a `String`.
    if isinstance(given, (String, AutoString)):
        return str
    raise TypeError(f"A move does not know columns of {given!r}.")


def _said(kind: type) -> str:
    return {bool: "true or false", int: "a number", str: "text", bytes: "bytes", float: "a fraction"}.get(
        kind, "nothing"
    )


def _storable(value: Any, is_json: bool) -> Any:
    if not isinstance(value, str):
        return value
    if is_json:
        try:
            meant = json.loads(value)
        except ValueError:
            return storable(value)
        fitting = storable_json(meant)
        return value if json.loads(fitting) == meant else fitting
    return storable(value)
