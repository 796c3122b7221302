"""The figures, and the requirements they are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.table import Table


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share (0 to 1) of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(seconds: float) -> str:
    """A time as it stands in the table."""
    return f"{seconds * 1000:.1f} ms"


@dataclass
class Report:
    """Rows of what was measured, its value, what is required of it, and whether that is met."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def figure(self, what: str, value: str) -> None:
        """A figure without a requirement of its own."""
        self.rows.append((what, value, "", ""))

    def require(self, what: str, value: str, requirement: str, *, met: bool) -> None:
        """A figure that a requirement is about."""
        self.rows.append((what, value, requirement, "PASS" if met else "MISS"))

    def table(self) -> Table:
        """Everything, to print."""
        table = Table("measured", "value", "required", "")
        for *cells, verdict in self.rows:
            table.add_row(*cells, verdict, style="red" if verdict == "MISS" else None)
        return table
