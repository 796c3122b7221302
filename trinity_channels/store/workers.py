"""The processes that work, where several share the database: they are heard of by the heartbeats of their jobs."""

from __future__ import annotations

from sqlalchemy import text

from trinity_channels.store.jobs import SCHEMA
from trinity_channels.store.tx import Tx

# By the clock of the database, by which they are written.
_HEARD = text(f"SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM {SCHEMA}.procrastinate_workers")  # noqa: S608  a constant


def last_heard(tx: Tx) -> float | None:
    """Seconds since any of them was heard of; None if there is none."""
    return tx.scalar(_HEARD, float)
