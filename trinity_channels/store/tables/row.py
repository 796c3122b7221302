"""What all tables have in common: names that begin with the project's, and a registry of their own.

The database may be another application's, and the application may use SQLModel, too: neither must find our tables among its
own.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import registry
from sqlmodel import AutoString, SQLModel

_REGISTRY = registry()
METADATA = _REGISTRY.metadata
PREFIX = "trinity_channels_"
"""What the names of all tables and indexes begin with."""


class Row(SQLModel, registry=_REGISTRY):
    """A row of one of our tables."""


def fit_to_postgres() -> None:
    """Let columns hold and compare on PostgreSQL what they do on SQLite: numbers of 64 bits, and texts by their code points.

    Prefixes are found as ranges, and pages of lists go on behind a text: an order of a language would miss some.
    """
    for table in METADATA.tables.values():
        for column in table.columns:
            if isinstance(column.type, Integer):
                column.type = column.type.with_variant(BigInteger(), "postgresql")
            elif isinstance(column.type, (String, AutoString)):  # SQLModel's own is not a `String`
                column.type = column.type.with_variant(String(collation="C"), "postgresql")
