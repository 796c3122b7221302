"""Tables for a narrow screen: one record per row, one line per cell, each named by its column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it.token import Token

from trinity_channels.outbound.dialects.inline import Inline, split_lines
from trinity_channels.outbound.dialects.lines import Run, Runs

LONGEST_NAMES = 120
"""Column names longer than this, taken together, are not repeated in every record."""

Cell = list[Token]


@dataclass(slots=True)
class Table:
    """The inline tokens of each cell."""

    header: list[Cell]
    rows: list[list[Cell]] = field(default_factory=list)

    @classmethod
    def read(cls, tokens: Iterator[Token]) -> Table:
        """Take tokens up to and with the end of the table."""
        rows: list[list[Cell]] = []
        for token in tokens:
            if token.type == "table_close":
                break
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(token.children or [])
        return cls(rows[0], rows[1:])

    def records(self, inline: Inline) -> Iterator[list[Runs]]:
        """The lines of each record; empty cells are left out.

        A table of one column, of long column names or without rows is one record: its rows, with `|` between the cells.
        """
        names = sum(len(token.content) for cell in self.header for token in cell)
        if len(self.header) == 1 or names > LONGEST_NAMES or not self.rows:
            bold = inline.bold()
            header = _row([inline.runs(cell, bold) for cell in self.header])
            yield header + [line for row in self.rows for line in _row([inline.runs(cell) for cell in row])]
            return
        for row in self.rows:
            fields = (_field(name, cell, inline) for name, cell in zip(self.header, row, strict=True) if cell)
            if record := [line for lines in fields for line in lines]:
                yield record


def _row(cells: list[list[Run]]) -> list[Runs]:
    return split_lines([run for cell in cells for run in (Run(" | "), *cell)][1:])


def _field(name: Cell, cell: Cell, inline: Inline) -> list[Runs]:
    bold = inline.bold()
    if not name:
        return split_lines(inline.runs(cell, bold))
    return split_lines([*inline.runs(name, bold), Run(":", bold), Run(" "), *inline.runs(cell)])
