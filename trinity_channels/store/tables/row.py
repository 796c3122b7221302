"""What all tables have in common: names that begin with the project's, and a registry of their own.

The database may be another application's, and the application may use SQLModel, too: neither must find our tables among its
own.
"""

from __future__ import annotations

from sqlalchemy.orm import registry
from sqlmodel import SQLModel

_REGISTRY = registry()
METADATA = _REGISTRY.metadata
PREFIX = "trinity_channels_"
"""What the names of all tables and indexes begin with."""


class Row(SQLModel, registry=_REGISTRY):
    """A row of one of our tables."""
