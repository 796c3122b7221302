"""The table of dispatch between processes; a host with SQLite, which is one process, leaves it empty."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger
from sqlmodel import Field

from trinity_channels.store.tables.indexes import partial
from trinity_channels.store.tables.row import METADATA, Row


class WakeRow(Row, table=True):
    """A key, `turn:<conversation>` or `deliver:<conversation>`, that has been woken; removed once it has no work.

    `scheduled`: a job for it waits in the queue. `lease`: a number of the latest run, which no other ever has; each writes
    only while it is the latest. `due_at`: when it is to be woken again.
    """

    __tablename__: ClassVar[str] = "trinity_channels_wake"
    __table_args__ = (
        partial("trinity_channels_wake_due", "due_at", where="due_at IS NOT NULL"),
        partial("trinity_channels_wake_scheduled", "key", where="scheduled"),
    )
    key: str = Field(primary_key=True)
    scheduled: bool
    lease: int = Field(sa_type=BigInteger)
    due_at: int | None = Field(default=None, sa_type=BigInteger)


WAKE = METADATA.tables["trinity_channels_wake"]
