"""What a database may look like after a fuzz: whole."""

from __future__ import annotations

from sqlalchemy import text

from tests.world import World
from trinity_channels.store.sqlite import SqliteStore


async def faults_of_the_database(world: World) -> list[str]:
    """Rows that point nowhere, and damage."""
    if not isinstance(world.host.store, SqliteStore):
        # The server checks each reference itself, unless it was told not to.
        unchecked = text("SELECT conname FROM pg_constraint WHERE contype = 'f' AND NOT convalidated")
        return [str(row) for row in await world.host.store.read(lambda tx: tx.query(unchecked))]
    dangling, damage = await world.host.store.read(
        lambda tx: (
            tx.query(text("PRAGMA foreign_key_check")),
            tx.query(text("PRAGMA integrity_check")),
        )
    )
    return [str(row) for row in dangling] + [row.integrity_check for row in damage if row.integrity_check != "ok"]
