"""Triggers that refuse what `store.states` does not have: with them, every story watches the states of what it moves."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from trinity_channels.store.tables.row import PREFIX
from trinity_channels.store.transitions import LIFECYCLES


def watch_states(database: Path) -> None:
    """Let updates fail that move a message, a turn or a delivery in a way that is not allowed."""
    with closing(sqlite3.connect(database)) as connection:
        for table, lifecycle in LIFECYCLES.values():
            allowed = [f"'{origin} {target}'" for origin, targets in lifecycle.follows.items() for target in targets]
            connection.execute(
                f"CREATE TRIGGER {table.name}_transition BEFORE UPDATE OF state ON {table.name} "
                f"WHEN NEW.state <> OLD.state AND (OLD.state || ' ' || NEW.state) NOT IN ({', '.join(allowed)}) "
                f"BEGIN SELECT RAISE(ABORT, 'a {table.name.removeprefix(PREFIX)} may not take this step'); END"
            )
            begins = ", ".join(f"'{state}'" for state in lifecycle.begins)
            connection.execute(
                f"CREATE TRIGGER {table.name}_begin BEFORE INSERT ON {table.name} WHEN NEW.state NOT IN ({begins}) "
                f"BEGIN SELECT RAISE(ABORT, 'a {table.name.removeprefix(PREFIX)} may not begin so'); END"
            )
