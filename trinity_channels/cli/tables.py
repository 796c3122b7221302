"""Tables on a terminal, where no value can move the cursor or start a line; in a pipe they are wide enough to be whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from trinity_channels.visible import one_line

PIPE_WIDTH = 200


def show(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their headings; no text is taken for markup."""
    table = Table(*columns, box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for row in rows:
        table.add_row(*(one_line(str(value)) for value in row))
    # Values are other people's words: `[red]` in one is text.
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    console.print(table)
