"""The tables of alerts."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, Column, Text
from sqlmodel import Field

from trinity_channels.store.tables.row import METADATA, Row


class InboundHourRow(Row, table=True):
    """How many conversations a person wrote in during one hour, by binding; `hour` counts from 1970 UTC."""

    __tablename__: ClassVar[str] = "trinity_channels_inbound_hour"
    binding_id: int = Field(foreign_key="trinity_channels_binding.id", primary_key=True)
    hour: int = Field(primary_key=True)
    conversations: int
    last_at: int = Field(sa_type=BigInteger)


class ChannelAlertRow(Row, table=True):
    """The newest of one kind of alert about a binding. `mailed_at` outlives the alert: it limits mail about the next."""

    __tablename__: ClassVar[str] = "trinity_channels_channel_alert"
    binding_id: int = Field(foreign_key="trinity_channels_binding.id", primary_key=True)
    code: str = Field(primary_key=True)
    cause: str = Field(sa_column=Column(Text, nullable=False))
    fix: str = Field(sa_column=Column(Text, nullable=False))
    raised_at: int = Field(sa_type=BigInteger)
    cleared_at: int | None = Field(default=None, sa_type=BigInteger)
    mailed_at: int | None = Field(default=None, sa_type=BigInteger)


INBOUND_HOUR = METADATA.tables["trinity_channels_inbound_hour"]
CHANNEL_ALERT = METADATA.tables["trinity_channels_channel_alert"]
