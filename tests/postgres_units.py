"""Units of work that the tests of PostgreSQL give to the store, and what happens to its connections."""

from __future__ import annotations

from sqlalchemy import func, select

from tests import postgres
from trinity_channels.store import Tx, settings

BROKEN = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'of_the_store'"

CUT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname LIKE 'of_%%' AND query ~ '^(LISTEN|SELECT 1$|SELECT pg_try_advisory_lock)'"""
"""Only those on which processes hear each other."""


def put(tx: Tx, name: str, value: str = "x") -> str:
    settings.put(tx, name, value)
    return name


def counted_up(tx: Tx) -> int:
    """What two at once would lose if each did not see the other."""
    number = int(settings.get(tx, "number") or 0) + 1
    settings.put(tx, "number", str(number))
    return number


def killed(tx: Tx) -> None:
    """End the connection of a transaction, as a server that stops does."""
    postgres.administer("SELECT pg_terminate_backend(%s)", tx.number(select(func.pg_backend_pid())))
