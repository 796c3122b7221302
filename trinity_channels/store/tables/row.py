"""What all tables have in common: names that begin with the project's, and a registry of their own.

The database may be another application's, and the application may use SQLModel, too: neither must find our tables among its
own.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeEngine
from sqlmodel import AutoString, SQLModel

_REGISTRY = registry()
METADATA = _REGISTRY.metadata
PREFIX = "trinity_channels_"
"""What the names of all tables and indexes begin with."""


class Row(SQLModel, registry=_REGISTRY):
    """A row of one of our tables."""


def on_postgres(given: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type that lets a column hold and compare on PostgreSQL what it does on SQLite.

    Numbers have 64 bits, and texts are compared by their code points: prefixes are found as ranges, and pages of lists go on
    behind a text, of which the order of a language would miss some.
    """
    if isinstance(given, Integer):
        return BigInteger()
    # SQLModel's own is not a `String`.
    return String(collation="C") if isinstance(given, (String, AutoString)) else given


def fit_to_postgres() -> None:
    """Give all columns their types on PostgreSQL; columns that migrations make get them in `migrations/env.py`."""
    for table in METADATA.tables.values():
        for column in table.columns:
            fitted = on_postgres(column.type)
            if fitted is not column.type:
                column.type = column.type.with_variant(fitted, "postgresql")
