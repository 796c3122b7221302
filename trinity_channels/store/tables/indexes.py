"""Partial indexes cover the work that is open, so that finding it never grows with what is done."""

from __future__ import annotations

from sqlalchemy import Index, text


def open_work(name: str, column: str, *states: str) -> Index:
    """An index of the rows in these states; SQLite takes it only for a query that words the condition the same way."""
    listed = ", ".join(f"'{state}'" for state in states)
    condition = text(f"state IN ({listed})" if len(states) > 1 else f"state = {listed}")
    return Index(name, column, "id", sqlite_where=condition)
