"""Tables on a terminal; in a pipe they are wide enough to be cut by nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 200


def show(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their headings; no text is taken for markup."""
    table = Table(*columns, box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for row in rows:
        table.add_row(*map(str, row))
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    console.print(table)
